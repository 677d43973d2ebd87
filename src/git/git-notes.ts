// The notes of a Git repository: files named by the commits they are about. Git puts them into folders as their number
// grows ('ab/cd…'), and reads them wherever they are. Anything else in the tree is none.
import type { Oid } from './git-objects.ts'
import type { GitSource } from './git-source.ts'

const oidDigits = 40

export interface GitNote {
  readonly about: Oid
  readonly blob: Oid
  /** Where it is in the tree. */
  readonly path: string
}

export async function* notesIn(git: GitSource, tree: Oid, folder = ''): AsyncGenerator<GitNote> {
  for (const { mode, nameBytes, oid } of await git.tree(tree)) {
    const path = folder + nameBytes
    const name = path.replaceAll('/', '')
    if (!/^[0-9a-f]+$/.test(nameBytes) || name.length > oidDigits) continue
    if (mode === 'tree' && nameBytes.length === 2 && name.length < oidDigits)
      yield* notesIn(git, oid, `${path}/`)
    else if (mode === 'file' && name.length === oidDigits) yield { about: name, blob: oid, path }
  }
}

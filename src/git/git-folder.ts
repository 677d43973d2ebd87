// Finds a Git repository's folders from what people name, and refuses early, in plain words, the kinds that cannot be
// read whole: their history would come in wrong or short without an error otherwise.
import fs from 'node:fs'
import path from 'node:path'
import { VarveError } from '../base/errors.ts'

export interface GitFolder {
  /** Objects and refs. */
  readonly common: string
  /** HEAD: a linked worktree has its own. */
  readonly own: string
}

/** A working folder, its `.git`, or a bare repository. @throws VarveError VARVE_UNREACHABLE, VARVE_NOT_POSSIBLE */
export function findGitFolder(source: string, verb = 'import'): GitFolder {
  const folder = [path.join(source, '.git'), source].find((candidate) => fs.existsSync(candidate))
  const own = folder === undefined ? undefined : followGitFile(folder)
  if (own === undefined || !fs.existsSync(path.join(own, 'HEAD'))) {
    throw new VarveError('VARVE_UNREACHABLE', `no Git repository at '${source}'`, {
      data: { path: source },
      hint: 'name a working folder, a bare repository, or an http(s) URL',
    })
  }
  const pointer = path.join(own, 'commondir')
  const common = fs.existsSync(pointer) ? path.resolve(own, fs.readFileSync(pointer, 'utf8').trim()) : own
  if (!fs.existsSync(path.join(common, 'objects'))) {
    throw new VarveError(
      'VARVE_UNREACHABLE',
      `'${source}' is not a complete Git repository: it has no objects`,
      {
        data: { path: source },
        hint: 'name a working folder, a bare repository, or an http(s) URL',
      },
    )
  }
  refuseUnreadable(source, common, verb)
  return { common, own }
}

/** In linked worktrees and submodules `.git` is a file: 'gitdir: PATH'. */
function followGitFile(folder: string): string | undefined {
  if (fs.statSync(folder).isDirectory()) return folder
  const target = /^gitdir: (.+)$/m.exec(fs.readFileSync(folder, 'utf8').slice(0, 4096))?.[1]
  return target === undefined ? undefined : path.resolve(path.dirname(folder), target.trim())
}

function refuseUnreadable(source: string, common: string, verb: string): void {
  const unreadable = (why: string, hint: string): VarveError =>
    new VarveError('VARVE_NOT_POSSIBLE', `cannot ${verb} '${source}': ${why}`, {
      data: { path: source },
      hint,
    })
  const config = readIfThere(path.join(common, 'config'))
  if (/^[ \t]*objectformat\s*=\s*sha256/im.test(config)) {
    throw unreadable('it names its objects by SHA-256', 'only SHA-1 repositories are known here')
  }
  if (/^[ \t]*refstorage\s*=\s*reftable/im.test(config)) {
    throw unreadable('it keeps its refs in reftables', "run 'git refs migrate --ref-format=files' in a copy")
  }
  if (readIfThere(path.join(common, 'shallow')) !== '') {
    throw unreadable('it is a shallow clone, so its history is cut off', "run 'git fetch --unshallow' there")
  }
  if (/^[ \t]*(promisor|partialclonefilter)\s*=/im.test(config)) {
    throw unreadable('it is a partial clone, so objects are missing', 'clone it whole, then import the clone')
  }
  if (readIfThere(path.join(common, 'objects', 'info', 'alternates')) !== '') {
    throw unreadable(
      'it borrows objects from another repository',
      "run 'git repack -a -d' there and remove objects/info/alternates",
    )
  }
}

function readIfThere(file: string): string {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
}

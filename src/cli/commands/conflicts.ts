import type { ConflictInfo } from '../../api/interface.ts'
import { printConflicts } from '../format/conflicts.ts'
import type { Command, Context } from '../interface.ts'
import { toRepositoryPath } from '../paths.ts'

export const command: Command = {
  usage: ['conflicts [PATH]'],
  description:
    'Lists what the merge under way could not decide, with its three sides: base (what both started from), ours (this\nbranch) and theirs (what is merged in). `varve resolve` settles them.',
  options: {},
  examples: [
    ['varve conflicts', 'all conflicts'],
    ['varve conflicts people.csv -v', 'those of one table, with whole cells'],
  ],
  json: "{ items: { id: string; kind: 'cell' | 'row' | 'key-collision' | 'file' | 'schema'; path: string; key?: Value[]; keyColumns?: string[]; column?: string; reason?: string; names?: { base: string | null; ours: string | null; theirs: string | null }; base: Value | Row; ours: Value | Row; theirs: Value | Row; text?: string }[] }",
  run,
}

async function run({ arguments: given, out, repository }: Context): Promise<number> {
  given.expectWords(0, 1, 'PATH')
  const repo = await repository()
  const typed = given.words[0]
  const conflicts = repo.conflicts(typed === undefined ? {} : { path: toRepositoryPath(repo.root, typed) })
  let held: ConflictInfo[] = []
  const printHeld = (): void => {
    if (held.length > 0) printConflicts(out, held[0]!.path, held)
    held = []
  }
  const count = await out.items(conflicts, (conflict) => {
    // They come path by path.
    if (held.length > 0 && held[0]!.path !== conflict.path) printHeld()
    held.push(conflict)
  })
  printHeld()
  if (out.json) return 0
  if (count === 0) out.say('no conflicts')
  else out.hint("varve resolve PATH [--key KEY] [--column NAME] --ours | --theirs | --base | --value 'TEXT'")
  return 0
}

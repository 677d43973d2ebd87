import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { Command, Context } from '../interface.ts'
import { usage } from '../arguments.ts'
import { toRepositoryPath } from '../paths.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['mv [-n] FROM TO', 'mv [-n] FROM... FOLDER'],
  description:
    'Renames a file or folder, here and in the next commit. When TO is a folder, it goes into that under its\nown name. Several go into a folder, all of them or none.',
  options: { 'dry-run': { type: 'flag', short: 'n', about: 'only show what would be renamed' } },
  examples: [
    ['varve mv people.csv staff.csv', 'rename'],
    ['varve mv staff.csv tables/', 'move into a folder'],
    ['varve mv *.csv tables/', 'several: the shell names them'],
    ['varve mv -n staff.csv tables/', 'see whether it can be, and where it goes'],
  ],
  json: '{ from: string; to: string }; of several: { items: { from: string; to: string }[] }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(2, Number.POSITIVE_INFINITY, 'FROM and TO')
  const dryRun = given.flag('dry-run')
  const repo = await repository()
  const at = (typed: string): string => toRepositoryPath(repo.root, typed)
  const sources = given.words.slice(0, -1)
  const to = given.words.at(-1)!
  const isFolder = async (place: string): Promise<boolean> =>
    (await stat(place).catch(() => null))?.isDirectory() ?? false
  const [from] = sources as [string]
  const intoFolder = repo.root !== null && (await isFolder(to))
  if (to.endsWith('/') && !intoFolder && !(await isFolder(from)))
    throw usage(`no such folder: '${to}'`, 'make it first, or give a new name for the file')
  const target = intoFolder && sources.length === 1 ? path.join(at(to), path.basename(from)) : at(to)
  const moved = await repo.moveAll(sources.map(at), target, { ...operation, dryRun })
  out.result(sources.length === 1 ? moved[0] : { items: moved }, () => {
    for (const one of moved) {
      const shown = `${visible(one.from)} => ${visible(one.to)}`
      if (dryRun) out.line(`would rename ${shown}`)
      else out.say(shown)
    }
  })
  return 0
}

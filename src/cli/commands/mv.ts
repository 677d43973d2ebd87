import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { Command, Context } from '../interface.ts'
import { usage } from '../arguments.ts'
import { toRepositoryPath } from '../paths.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['mv [-n] FROM TO'],
  description:
    'Renames a file, here and in the next commit. When TO is a folder, the file goes into it under its own name.',
  options: { 'dry-run': { type: 'flag', short: 'n', about: 'only show what would be renamed' } },
  examples: [
    ['varve mv people.csv staff.csv', 'rename'],
    ['varve mv staff.csv tables/', 'move into a folder'],
    ['varve mv -n staff.csv tables/', 'see whether it can be, and where it goes'],
  ],
  json: '{ from: string; to: string }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(2, 2, 'FROM and TO')
  const dryRun = given.flag('dry-run')
  const repo = await repository()
  const [from, to] = given.words as [string, string]
  const isFolder = async (place: string): Promise<boolean> =>
    (await stat(place).catch(() => null))?.isDirectory() ?? false
  const intoFolder = repo.root !== null && (await isFolder(to))
  if (to.endsWith('/') && !intoFolder && !(await isFolder(from)))
    throw usage(`no such folder: '${to}'`, 'make it first, or give a new name for the file')
  const target = intoFolder ? path.join(to, path.basename(from)) : to
  const result = await repo.move(toRepositoryPath(repo.root, from), toRepositoryPath(repo.root, target), {
    ...operation,
    dryRun,
  })
  out.result(result, () => {
    const moved = `${visible(result.from)} => ${visible(result.to)}`
    if (dryRun) out.line(`would rename ${moved}`)
    else out.say(moved)
  })
  return 0
}

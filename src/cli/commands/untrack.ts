import type { Command, Context } from '../interface.ts'
import { toRepositoryPath } from '../paths.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['untrack PATH'],
  description: "Keeps the table as a plain file from the next 'varve add' on. The file and its history stay.",
  options: {},
  examples: [['varve untrack notes.csv', 'store it as a plain file again']],
  json: '{ path: string }',
  run,
}

async function run({ arguments: given, out, repository }: Context): Promise<number> {
  given.expectWords(1, 1, 'PATH')
  const repo = await repository()
  const path = toRepositoryPath(repo.root, given.words[0]!)
  await repo.untrack(path)
  out.result({ path }, () => out.say(`${visible(path)} is a plain file now`))
  return 0
}

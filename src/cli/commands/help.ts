import { commands, findCommand } from '../commands.ts'
import { commandFacts, commandHelp, overviewHelp } from '../help/help.ts'
import type { Command, Context } from '../interface.ts'
import { unknownCommand } from '../unknown-command.ts'

export const command: Command = {
  usage: ['help [COMMAND]'],
  description: 'Lists the commands, or explains one with its options and examples.',
  options: {},
  examples: [
    ['varve help', 'the commands'],
    ['varve help merge', 'how to merge'],
  ],
  json: '{ items: { name: string; summary: string }[] }; COMMAND: { name: string; summary: string; usage: string[]; description: string; options: { name: string; flags: string; about: string }[]; examples: { command: string; why: string }[]; json: string }',
  pages: () => true,
  run,
}

async function run({ arguments: given, out }: Context): Promise<number> {
  given.expectWords(0, 1, 'COMMAND')
  const name = given.words[0]
  if (name === undefined) {
    const items = commands.map((entry) => ({ name: entry.name, summary: entry.summary }))
    out.result({ items }, () => {
      for (const line of overviewHelp(out.paint, out.width)) out.line(line)
    })
    return 0
  }
  const entry = findCommand(name)
  if (entry === undefined) throw unknownCommand(name)
  const { command: found } = await entry.load()
  out.result(commandFacts(entry, found), () => {
    for (const line of commandHelp(entry, found, out.paint, out.width)) out.line(line)
  })
  return 0
}

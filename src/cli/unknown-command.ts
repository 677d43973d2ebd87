// The error for a command that does not exist, with the one that was probably meant: by its letters, or because other
// tools call it so.
import { usage } from './arguments.ts'
import { commands } from './commands.ts'
import { nearest } from '../base/nearest.ts'

const familiarNames: Readonly<Record<string, string>> = {
  checkout: 'switch',
  list: 'ls',
  get: 'clone --at',
  repro: 'derive',
  table: 'import',
  remove: 'rm',
  rename: 'mv',
  dump: 'export',
  load: 'import',
  prune: 'gc',
  verify: 'fsck',
}

export function unknownCommand(name: string): Error {
  const near =
    (Object.hasOwn(familiarNames, name) ? familiarNames[name] : null) ??
    nearest(
      name,
      commands.map((command) => command.name),
    )
  const hint = near === null ? "run 'varve help' for the list of commands" : `did you mean 'varve ${near}'?`
  return usage(`'${name}' is not a varve command`, hint)
}

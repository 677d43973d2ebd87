// Whether a message is written in an editor: when asked for, or where a person at a terminal gave none.
import type { Context, OptionSpecs } from '../interface.ts'

export const editOptions: OptionSpecs = {
  edit: { type: 'flag', short: 'e', about: 'edit the message, starting with what is given' },
  'no-edit': { type: 'flag', about: 'use the message as it is, without an editor' },
}

/** `byDefault`: the message is of a kind that people write themselves. */
export function wantsEditor({ arguments: given, interactive }: Context, byDefault: boolean): boolean {
  given.exclusive('edit', 'no-edit')
  return given.flag('edit') || (byDefault && interactive && !given.flag('no-edit'))
}

// How `varve log` shows each commit: in full, on a line, or in a form of the user's own.
import { type Arguments, usage } from '../arguments.ts'
import { type CommitForm, commitForm } from '../format/commit-format.ts'
import { dateOption, dateStyle } from '../format/dates.ts'
import type { Context, OptionSpecs } from '../interface.ts'
import { type ShownPeople, mailmapOptions } from './shown-people.ts'

export const noteOptions: OptionSpecs = {
  'no-notes': { type: 'flag', about: 'do not show the notes of commits' },
}

/** Whether notes are read: for the full form and JSON, and for what is of the user's own where it asks for them. */
export function wantsNotes(given: Arguments): boolean {
  const format = given.text('format') ?? 'medium'
  return !given.flag('no-notes') && (format === 'medium' || format === 'text' || format.includes('%N'))
}

export const formOptions: OptionSpecs = {
  oneline: { type: 'flag', about: 'one line for each commit' },
  format: {
    type: 'text',
    aliases: ['pretty'],
    value: 'FORMAT',
    about: "oneline, medium (the default), or with Git's placeholders: '%h %an %ad %s'",
  },
  ...dateOption,
  decorate: { type: 'flag', about: 'show branches and tags that point at each commit (the default)' },
  'no-decorate': { type: 'flag', about: 'do not show them' },
  ...noteOptions,
  ...mailmapOptions,
}

export interface ShownForm {
  readonly lines: CommitForm
  /** With an empty line between commits. */
  readonly spaced: boolean
}

export function shownForm({ arguments: given, out }: Context, people: ShownPeople): ShownForm {
  given.exclusive('oneline', 'format')
  given.exclusive('decorate', 'no-decorate')
  const format = given.flag('oneline') ? 'oneline' : given.text('format')
  if (out.json && given.text('format') !== undefined)
    throw usage("'--json' and '--format' exclude each other")
  const form = commitForm(format, { paint: out.paint, dates: dateStyle(given.text('date')), people })
  const named = ['oneline', 'medium', undefined].includes(format)
  const lines: CommitForm =
    named && given.flag('no-decorate') ? (commit) => form({ ...commit, refs: [] }) : form
  return { lines, spaced: format === undefined || format === 'medium' }
}

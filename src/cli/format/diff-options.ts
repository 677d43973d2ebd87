// Options of all commands that show differences, about how lines of text are compared and shown.
import type { DiffOptions } from '../../api/interface.ts'
import { type Arguments, usage } from '../arguments.ts'
import type { OptionSpecs } from '../interface.ts'
import type { DiffFormat } from './diff.ts'

export const lineOptions: OptionSpecs = {
  lines: { type: 'flag', about: 'show JSON and YAML by line, as a patch, not by value' },
  unified: {
    type: 'text',
    short: 'U',
    value: 'N',
    about: 'text: N lines of context around each change (default: 3)',
  },
  'ignore-all-space': {
    type: 'flag',
    short: 'w',
    about: 'text: ignore changes in white space',
  },
  'ignore-space-change': {
    type: 'flag',
    short: 'b',
    about: 'text: ignore how much white space there is, and any at the end of lines',
  },
  'ignore-space-at-eol': { type: 'flag', about: 'text: ignore white space at the end of lines' },
  'find-renames': {
    type: 'optional',
    short: 'M',
    value: 'N',
    about: 'how alike files have to be to count as renamed (default: 50%)',
  },
  'no-renames': { type: 'flag', about: 'show a renamed file as one that went and one that came' },
  binary: { type: 'flag', about: 'show changes of binary files as a patch that `git apply` takes' },
}

export function diffFormat(given: Arguments): DiffFormat {
  return { lines: given.flag('lines'), binary: given.flag('binary') }
}

export function diffLineOptions(given: Arguments): Pick<DiffOptions, 'context' | 'ignoreSpace' | 'renames'> {
  const context = given.number('unified')
  const space = spaceModes.find(([name]) => given.flag(name))
  const renames = renameOption(given)
  return {
    ...(context === undefined ? {} : { context }),
    ...(space === undefined ? {} : { ignoreSpace: space[1] }),
    ...(renames === undefined ? {} : { renames }),
  }
}

/** What ignores most comes first: it is what holds where several are given, as in Git. */
const spaceModes = [
  ['ignore-all-space', 'all'],
  ['ignore-space-change', 'amount'],
  ['ignore-space-at-eol', 'at-end'],
] as const

/** A number without '%' is what stands behind the point, as in Git: -M5 and -M50% are the same. */
function renameOption(given: Arguments): DiffOptions['renames'] {
  const named = given.optional('find-renames')?.at(-1)
  if (given.flag('no-renames')) {
    given.exclusive('no-renames', 'find-renames')
    return 'none'
  }
  if (named === undefined || named === '') return undefined
  const digits = /^(\d{1,9})(%?)$/.exec(named)
  const likeness =
    digits === null ? NaN : digits[2] === '%' ? Number(digits[1]) / 100 : Number(`0.${digits[1]}`)
  if (likeness <= 1) return likeness
  throw usage(`'${named}' says not how alike files have to be`, "name a share: '-M90%'")
}

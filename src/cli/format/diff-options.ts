// Options of all commands that show differences, about how lines of text are compared and shown.
import type { DiffOptions } from '../../api/interface.ts'
import type { Arguments } from '../arguments.ts'
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
}

export function diffFormat(given: Arguments): DiffFormat {
  return { lines: given.flag('lines') }
}

export function diffLineOptions(given: Arguments): Pick<DiffOptions, 'context' | 'ignoreSpace'> {
  const context = given.number('unified')
  return {
    ...(context === undefined ? {} : { context }),
    ...(given.flag('ignore-all-space') ? { ignoreSpace: true } : {}),
  }
}

// Options that every command has, and those that stand before the command alone.
import type { OptionSpecs } from './interface.ts'

export const commonOptions: OptionSpecs = {
  json: { type: 'flag', about: 'print one JSON document' },
  quiet: { type: 'flag', short: 'q', about: 'print only what was asked for' },
  verbose: {
    type: 'flag',
    short: 'v',
    about: 'print more: whole cells, phases of the work, causes of errors',
  },
  color: { type: 'flag', about: 'colour the output, even if it is not a terminal' },
  'no-color': { type: 'flag', about: 'do not colour the output' },
  progress: {
    type: 'text',
    value: 'HOW',
    choices: ['bar', 'lines', 'json', 'none'],
    about: 'bar, lines, json or none: how progress is shown on standard error',
  },
  'no-progress': { type: 'flag', about: 'show no progress bar' },
  'no-pager': {
    type: 'flag',
    short: 'P',
    about: 'do not use a pager for long answers',
  },
  help: { type: 'flag', short: 'h', about: 'explain the command' },
}

export const leadingOptions: OptionSpecs = {
  ...commonOptions,
  directory: { type: 'list', short: 'C', value: 'DIR', about: 'run as if started in DIR' },
  'literal-pathspecs': { type: 'flag', about: 'read paths as they stand: no patterns and no marks' },
  version: { type: 'flag', about: 'print the version' },
}

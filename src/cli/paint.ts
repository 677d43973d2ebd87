// Colours, on a terminal that wants them: NO_COLOR and FORCE_COLOR are heeded, --color and --no-color win.
import type { Environment } from './interface.ts'

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim'

export type Paint = (colour: Colour, text: string) => string

const codes: Readonly<Record<Colour, readonly [on: number, off: number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
  bold: [1, 22],
  dim: [2, 22],
}

export const plain: Paint = (_colour, text) => text

export const coloured: Paint = (colour, text) => {
  const [on, off] = codes[colour]
  return text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`
}

export function choosePaint(
  terminal: boolean,
  environment: Environment,
  asked: 'always' | 'never' | 'auto',
): Paint {
  if (asked !== 'auto') return asked === 'always' ? coloured : plain
  // https://no-color.org: any value that is not empty.
  if (environment['NO_COLOR']) return plain
  if (environment['FORCE_COLOR']) return environment['FORCE_COLOR'] === '0' ? plain : coloured
  return terminal && environment['TERM'] !== 'dumb' ? coloured : plain
}

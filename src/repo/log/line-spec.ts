// Which lines are meant by START,END, as Git's -L has them: numbers from 1, '+N' and '-N' from START on, patterns between
// slashes (RE2's) for the next line in which they match; without START from the first line on, without END to the last one.
import { VarveError } from '../../base/errors.ts'
import { compilePattern } from '../../base/pattern.ts'
import { type LineRange, unionOf } from './line-ranges.ts'

/** A slash within a pattern stands behind a backslash. */
const spec = /^(\^?\/(?:\\.|[^/\\])*\/|\d*)(?:(,)(\/(?:\\.|[^/\\])*\/|[+-]?\d+|))?$/su

/** @throws VarveError VARVE_USAGE for what is no range, or not in the text */
export async function rangesOf(
  specs: readonly string[],
  lines: readonly string[],
  path: string,
): Promise<LineRange[]> {
  const ranges: LineRange[] = []
  for (const text of specs) ranges.push(await rangeOf(text, lines, { path, after: ranges.at(-1)?.end ?? 0 }))
  return unionOf(ranges)
}

async function rangeOf(
  text: string,
  lines: readonly string[],
  { path, after }: { readonly path: string; readonly after: number },
): Promise<LineRange> {
  const found = spec.exec(text)
  if (found === null || text === '' || text === ',') throw noRange(text)
  const [, from = '', , to = ''] = found
  const first = from.startsWith('/')
    ? await matchFrom(from, lines, after)
    : from.startsWith('^')
      ? await matchFrom(from.slice(1), lines, 0)
      : from === ''
        ? 1
        : Number(from)
  const last = to.startsWith('/') ? await matchFrom(to, lines, first) : endOf(to, first, lines.length)
  if (first === 0 || last === null) throw noRange(text)
  const [low, high] = [Math.max(1, Math.min(first, last)), Math.min(lines.length, Math.max(first, last))]
  if (low > lines.length)
    throw new VarveError('VARVE_USAGE', `'${path}' has only ${lines.length} lines`, {
      data: { path, lines: lines.length },
      hint: `'${text}' begins behind them`,
    })
  return { start: low - 1, end: high }
}

/** null: no line. */
function endOf(text: string, first: number, count: number): number | null {
  if (text === '') return Math.max(first, count)
  const number = Number(text.replace(/^[+-]/, ''))
  if (number === 0) return null
  return text.startsWith('+') ? first + number - 1 : text.startsWith('-') ? first - number + 1 : number
}

/** The number of the first line, of those behind `after` lines, in which the pattern matches. */
async function matchFrom(text: string, lines: readonly string[], after: number): Promise<number> {
  const pattern = await compilePattern(text.slice(1, -1).replaceAll('\\/', '/'))
  for (let i = after; i < lines.length; i++) if (pattern.isIn(lines[i]!.replace(/\r?\n$/, ''))) return i + 1
  throw new VarveError(
    'VARVE_USAGE',
    `no line matches ${text}${after === 0 ? '' : ` behind line ${after}`}`,
    {
      hint: "a pattern tells capitals from small letters; numbers do as well: '10,20'",
    },
  )
}

function noRange(text: string): VarveError {
  return new VarveError('VARVE_USAGE', `'${text}' is no range of lines`, {
    hint: "write START,END: '10,20', '10,+5', '/pattern/,+3'",
  })
}

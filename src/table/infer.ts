// What a column of text most likely holds, judged by a sample of its cells. A wrong guess loses nothing: cells keep
// their text, and the type only says how to read and order it.
import type { ColumnType } from './interface.ts'

const zone = '(Z|[+-][0-9]{2}:?[0-9]{2})?'
const clock = '[0-2][0-9]:[0-5][0-9](:[0-6][0-9](\\.[0-9]+)?)?'
// A leading zero ('007', '01234') says that digits are a code and no number.
const whole = '-?(0|[1-9][0-9]*)'

const tests: readonly (readonly [ColumnType, RegExp])[] = [
  ['int', /^(0|-?[1-9][0-9]{0,37})$/],
  ['decimal', new RegExp(`^${whole}(\\.[0-9]+)?$`)],
  ['float', new RegExp(`^${whole}(\\.[0-9]+)?([eE][+-]?[0-9]+)?$`)],
  ['bool', /^(true|false)$/],
  ['date', /^[0-9]{4}-[01][0-9]-[0-3][0-9]$/],
  ['timestamp', new RegExp(`^[0-9]{4}-[01][0-9]-[0-3][0-9][T ]${clock}${zone}$`)],
]

const testOf: ReadonlyMap<ColumnType, RegExp> = new Map(tests)

/** Whether a text is written as cells of that type are; every text is a text. */
export function isWrittenAs(text: string, type: ColumnType): boolean {
  return testOf.get(type)?.test(text) ?? true
}

/** The narrowest type that all non-empty texts have; null when there is no text to judge by. */
export function inferType(texts: Iterable<string>): ColumnType | null {
  let open = tests
  let seen = 0
  for (const text of texts) {
    if (text === '') continue
    seen++
    open = open.filter(([, test]) => test.test(text))
    if (open.length === 0) return 'text'
  }
  return seen === 0 ? null : open[0]![0]
}

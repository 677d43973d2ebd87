// Dates and times are known by their bytes: all that types are guessed from, and what databases write.
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { isDateText, isTimestampText } from '../../src/formats/misfits/written-times.ts'

const within = (is: typeof isDateText, text: string): boolean => {
  const bytes = utf8(`0${text}0`)
  return is(bytes, 1, bytes.length - 1)
}

const times = [
  '2024-02-29|2000-02-29|0001-01-01|2024-12-31T23:59|2024-12-31 23:59:60|2024-12-31 24:00:00',
  '2024-12-31T23:59:59.123456789Z|2024-12-31T23:59Z|2024-12-31 10:00:00+00|2024-12-31 10:00:00.5-0330',
  '2024-12-31T10:00:00+05:30',
].flatMap((some) => some.split('|'))
const none = [
  '|2024|2024-02-30|2023-02-29|1900-02-29|2024-13-01|2024-00-01|2024-01-00|2024-1-01|2024/01/01|01.02.2024',
  '2024-01-01T|2024-01-01T1|2024-01-01T10|x024-01-01|2024-01-01x10:00|2024-01-01T25:00|2024-01-01T10:60',
  '2024-01-01T10:00:61|2024-01-01T10:00:00.|2024-01-01T10:00:00z|2024-01-01T10:00Z0|2024-01-01T10:00+',
  '2024-01-01T10:00+1|2024-01-01 10.00|2024-01-01T10:00+01:|2024-01-01T10:00+01:0|2024-01-01T10:00+01:000',
  'infinity',
].flatMap((some) => some.split('|'))

test.each(times)('%s is a time', (text) => {
  expect(within(isTimestampText, text)).toBe(true)
  expect(within(isDateText, text)).toBe(text.length === 10)
})

test.each(none)("'%s' is none", (text) => {
  expect([within(isTimestampText, text), within(isDateText, text)]).toEqual([false, false])
})

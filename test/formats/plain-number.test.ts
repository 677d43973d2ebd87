// Numbers in digits, read to the double that SQLite reads them to.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { openSqliteFile } from '../../src/base/platform-sqlite.ts'
import { plainNumber } from '../../src/formats/sqlite/plain-number.ts'

function read(text: string): number {
  const bytes = utf8(`9${text}9`)
  return plainNumber(bytes, 1, bytes.length - 1)
}

test('is what JavaScript and SQLite read', async () => {
  const database = await openSqliteFile(':memory:', 'write')
  database.exec('CREATE TABLE numbers (text TEXT, value NUMERIC)')
  const put = database.prepare('INSERT INTO numbers VALUES (?, ?)')
  const plain = fc
    .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 15n - 1n }), fc.nat(15))
    .map(([isNegative, digits, places]) => {
      const all = String(digits).padStart(Math.min(15, places + 1), '0')
      const point = all.length - Math.min(places, all.length - 1)
      return `${isNegative ? '-' : ''}${all.slice(0, point)}${point === all.length ? '' : `.${all.slice(point)}`}`
    })
  const known = [
    '0',
    '-0',
    '0.0',
    '7',
    '007',
    '-12',
    '0.1',
    '67787.21',
    '999999999999999',
    '0.00000000000001',
  ]
  fc.assert(
    fc.property(plain, (text) => {
      expect(read(text), text).toBe(Number(text))
      put.run([text, text])
    }),
    { numRuns: 5000, examples: known.map((text) => [text]) },
  )
  put.finalize()
  const rows = database.all('SELECT text, value FROM numbers')
  // SQLite has no -0: it stores a whole number.
  for (const { text, value } of rows) expect(read(String(text)) + 0, String(text)).toBe(value)
  expect(rows.length).toBeGreaterThan(1000)
  database.close()
})

test('leaves all else to who knows it', () => {
  const others = [
    '',
    '-',
    '.',
    '1.',
    '.5',
    '-.5',
    '1..2',
    '1.2.3',
    '+1',
    ' 1',
    '1 ',
    '1e3',
    '0x10',
    'true',
    '1,5',
    '٣',
    '--1',
  ]
  const long = ['1234567890123456', '0.1234567890123456', '-9223372036854775808', '123456789012345.6']
  for (const text of [...others, ...long]) expect(read(text), text).toBeNaN()
})

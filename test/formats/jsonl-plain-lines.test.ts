// Plain lines are read in one loop, without a second look: that must give what the careful way gives, whatever stands where.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { JsonlColumns } from '../../src/formats/jsonl/columns.ts'
import { sniffJsonl } from '../../src/formats/jsonl/layout.ts'
import { LinePacker } from '../../src/formats/jsonl/pack.ts'
import { PlainLines } from '../../src/formats/jsonl/plain-lines.ts'
import { PackedBuffer } from '../../src/formats/packed.ts'
import { evolveSchema } from '../../src/table/schema.ts'

let plainLines = 0

function parsed(text: string, key: string[], isPlain: boolean): unknown {
  const src = utf8(text)
  const layout = sniffJsonl(src, null)
  const columns = new JsonlColumns({ key, previous: null, more: [] })
  const keySchema = evolveSchema({ names: key, key, cells: 'typed', typeOf: () => null }, null)
  const out = new PackedBuffer(64, 1)
  const plain = isPlain ? new PlainLines(src, columns, layout, out) : null
  if (plain !== null) {
    const read = plain.read.bind(plain)
    plain.read = (start, lineFeed) => {
      const isRead = read(start, lineFeed)
      if (isRead) plainLines++
      return isRead
    }
  }
  const packer = new LinePacker(src, { columns, layout, keySchema }, out, plain)
  packer.run()
  const { keys, keyEnds, values, valueEnds, contents, contentEnds, ...rest } = out.view()
  const ends = [keyEnds, valueEnds, contentEnds ?? []].map((list) => [...list])
  const bytes = [keys, values, ...(contents ?? [])].map((part) => toHex(part))
  const { at, fault, faultColumn } = packer
  return { ...rest, ends, bytes, at, fault, faultColumn, found: fault === null ? columns.found() : null }
}

const letters = Array.from('ab01.-eE+:,{}[]"\\ \t\x7f\u2028é€😀/')
const texts = fc.oneof(
  fc.array(fc.constantFrom(...letters), { maxLength: 8 }).map((chars) => chars.join('')),
  fc.constantFrom(198, 199, 200, 1023, 1024, 1025).map((length) => 'x'.repeat(length)),
)
const numbers = [
  '0',
  '-0',
  '7',
  '-7',
  '1.5',
  '1.50',
  '1e5',
  '1E+5',
  '-1e-9',
  '123456789012345',
  '1234567890123456',
]
const long = ['9'.repeat(38), '9'.repeat(40), '1'.repeat(127), '1'.repeat(128), '1'.repeat(2000)]
const others = ['true', 'false', 'null', '[1, 2]', '{"a":1}', '[]', '""']
const broken = ['tru', '01', '1.', '-', '+1', '', 'nul l', '"', '"\\x"', '"a\tb"']
const sound = fc.oneof(
  { arbitrary: fc.constantFrom(...numbers), weight: 4 },
  { arbitrary: texts.map((text) => JSON.stringify(text.replace(/["\\\t]/g, '.'))), weight: 4 },
  { arbitrary: fc.constantFrom(...long, ...others), weight: 1 },
  { arbitrary: texts.map((text) => JSON.stringify(text)), weight: 1 },
)
const names = ['a', 'b', 'é', 'a"', 'c']
/** With an id first, members in one order, some missing. */
const plainLine = fc
  .array(fc.option(sound), { minLength: 5, maxLength: 5 })
  .map((cells) => cells.flatMap((cell, i): [string, string][] => (cell === null ? [] : [[names[i]!, cell]])))
const anyLine = fc.array(fc.tuple(fc.constantFrom('id', ...names), sound), { maxLength: 5 })
const brokenLine = fc.tuple(fc.constantFrom(...names), fc.constantFrom(...broken)).map((member) => [member])
const line = fc.oneof(
  { arbitrary: plainLine, weight: 20 },
  { arbitrary: anyLine, weight: 3 },
  { arbitrary: brokenLine, weight: 1 },
)

test('plain lines are read as the careful way does it', () => {
  plainLines = 0
  const separators = fc.constantFrom([',', ':'], [', ', ': '])
  const lines = fc.array(fc.tuple(line, fc.integer({ min: 0, max: 19 })), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(
      fc.constantFrom<string[]>(['id'], ['id', 'a'], ['b']),
      separators,
      fc.constantFrom('\n', '\r\n'),
      lines,
      fc.boolean(),
      (key, [item, colon], eol, rows, hasAll) => {
        const first = names.map((name): [string, string] => [name, '"x"'])
        const text = [[first, 9] as const, ...rows]
          .slice(hasAll ? 0 : 1)
          .map(([members, odd], i) => {
            const spelled = [['id', `${i}`], ...members].map(
              ([name, cell]) => `${JSON.stringify(name)}${colon}${cell}`,
            )
            return `{${spelled.join(odd === 0 ? ' ,' : item)}}${odd === 1 ? '\n' : eol}`
          })
          .join('')
        expect(parsed(text, key, true)).toEqual(parsed(text, key, false))
      },
    ),
    { numRuns: 2000 },
  )
  expect(plainLines).toBeGreaterThan(500)
})

test('members that are missing, come late or out of order', () => {
  const lines = [
    '{"id":1,"a":"x"}',
    '{"id":2,"b":null,"a":"y"}',
    '{"id":3,"b":2}',
    '{"id":4}',
    '{"id":5,"a":"","b":true}',
  ]
  const text = `${lines.join('\n')}\n`
  plainLines = 0
  expect(parsed(text, ['id'], true)).toEqual(parsed(text, ['id'], false))
  expect(plainLines).toBe(3)
})

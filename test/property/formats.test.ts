import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { NotATable } from '../../src/formats/not-a-table.ts'
import { read, rendered } from '../formats/round-trip.ts'

const numRuns = 120

/** Text with all that CSV finds hard. */
const hardText = fc.string({
  unit: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('a', 'b', '1', '0', '-', ' ') },
    { weight: 3, arbitrary: fc.constantFrom(',', '"', '\n', '\r', '\r\n', ';', '\t', "'", '\0', '\ufeff') },
    { weight: 1, arbitrary: fc.constantFrom('é', '😀', '\u{10ffff}') },
  ),
  maxLength: 12,
})
const plainText = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '2', '.', ' ', 'é'), maxLength: 8 })
const oddKey = fc.constantFrom(
  '007',
  '-0',
  '+1',
  '0',
  '-5',
  '9007199254740993',
  '1e5',
  ' 1',
  '__proto__',
  'ä',
  'z\n',
)
const key = fc.oneof({ weight: 5, arbitrary: fc.integer().map(String) }, { weight: 1, arbitrary: oddKey })
const name = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'a b', 'x,y', '"q"', 'é'),
  plainText.filter((text) => text !== ''),
)

type Style = 'minimal' | 'always' | 'odd'

function quotedCell(text: string, style: Style, odd: boolean): string {
  const must = /[",\n\r]/.test(text)
  const quotes = must || (style === 'always' ? true : style === 'odd' ? odd : false)
  return quotes ? `"${text.replaceAll('"', '""')}"` : text
}

const csvFile = fc
  .record({
    names: fc.uniqueArray(name, { minLength: 1, maxLength: 5 }),
    keyAt: fc.nat(5),
    keys: fc.uniqueArray(key, { maxLength: 25 }),
    cells: fc.array(fc.tuple(fc.oneof(plainText, hardText), fc.boolean()), { minLength: 30, maxLength: 125 }),
    style: fc.constantFrom<Style>('minimal', 'always', 'odd'),
    eol: fc.constantFrom('\n', '\r\n'),
    otherEol: fc.constantFrom('', '', '\n', '\r\n'),
    bom: fc.boolean(),
    told: fc.boolean(),
    end: fc.constantFrom('', '', '\n', '\n\n', 'cut'),
  })
  .map(({ names, keyAt, keys, cells, style, eol, otherEol, bom, told, end }) => {
    const all = names.filter((one) => one !== 'id')
    all.splice(Math.min(keyAt, all.length), 0, 'id')
    const rows = keys.map((id, row) =>
      all
        .map((column, i) => {
          const [text, odd] = column === 'id' ? [id, false] : cells[(row * 7 + i) % cells.length]!
          return quotedCell(text, style, odd)
        })
        .join(','),
    )
    const header = all
      .map((one) => quotedCell(one, style === 'always' ? 'always' : 'minimal', false))
      .join(',')
    const lines = [header, ...rows].map((line, i) => line + (i % 5 === 3 && otherEol !== '' ? otherEol : eol))
    let text = (bom ? '\ufeff' : '') + (told ? `sep=,${eol}` : '') + lines.join('')
    if (end === 'cut') text = text.slice(0, -(text.endsWith('\r\n') ? 2 : 1))
    else text += end
    return text
  })

async function readOrSay(text: string | Uint8Array, options: Parameters<typeof read>[1]) {
  try {
    return await read(text, options)
  } catch (error) {
    if (error instanceof NotATable || isVarveError(error, 'VARVE_RULE_VIOLATED')) return error
    throw error
  }
}

test('what is rendered is what was read: CSV of every style', async () => {
  let tables = 0
  const law = fc.asyncProperty(csvFile, fc.integer({ min: 1, max: 200 }), async (text, chunk) => {
    const result = await readOrSay(text, { key: ['id'], chunk })
    if (result instanceof Error) return
    tables++
    expect(utf8Text(await rendered(result.nodes, result.table))).toBe(text)
  })
  await fc.assert(law, { numRuns })
  expect(tables).toBeGreaterThan(numRuns * 0.8)
})

test('what is rendered is what was read: the next version, on top of one before', async () => {
  const law = fc.asyncProperty(csvFile, csvFile, async (before, after) => {
    const first = await readOrSay(before, { key: ['id'] })
    if (first instanceof Error) return
    const second = await readOrSay(after, { key: ['id'], place: first, previous: first.table })
    if (second instanceof Error) return
    expect(utf8Text(await rendered(second.nodes, second.table))).toBe(after)
  })
  await fc.assert(law, { numRuns })
})

test('what is rendered is what was read: any bytes that look like CSV', async () => {
  const piece = fc.constantFrom(
    'id',
    'a',
    ',',
    ',',
    '\n',
    '\n',
    '\r',
    '\r\n',
    '"',
    '""',
    '1',
    '2',
    '3',
    ' ',
    ';',
    '\t',
    'é',
    '\xff',
  )
  const law = fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
    const body = pieces.map((one) => (one === '\xff' ? Uint8Array.of(255) : utf8(one)))
    const text = Uint8Array.from([...utf8('id,a\n'), ...body.flatMap((one) => [...one])])
    for (const format of ['csv', 'tsv'] as const) {
      const result = await readOrSay(text, { key: ['id'], format })
      if (result instanceof Error) continue
      expect(await rendered(result.nodes, result.table)).toEqual(text)
    }
  })
  await fc.assert(law, { numRuns: 500 })
})

const jsonLine = fc
  .tuple(
    fc.oneof(fc.integer(), fc.string({ minLength: 1 })),
    fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4, noNullPrototype: true }),
  )
  .map(([id, rest]) => ({ id, ...rest }))
const spellings: ((value: object) => string)[] = [
  (value) => JSON.stringify(value),
  (value) => JSON.stringify(value).replaceAll('é', '\\u00e9'),
  (value) => ` ${JSON.stringify(value)}`,
  (value) => JSON.stringify(value, null, 1).replaceAll('\n', ' '),
  (value) => `${JSON.stringify(value).slice(0, -1)},"id":7,"n":1.0e5}`,
]
const jsonlFile = fc
  .array(fc.tuple(jsonLine, fc.constantFrom(0, 0, 0, 1, 2, 3, 4), fc.constantFrom('\n', '\n', '\r\n')), {
    minLength: 1,
    maxLength: 20,
  })
  .map((lines) => lines.map(([value, spelling, eol]) => spellings[spelling]!(value) + eol).join(''))

test('what is rendered is what was read: JSON lines of every spelling', async () => {
  const law = fc.asyncProperty(jsonlFile, jsonlFile, async (before, after) => {
    const first = await readOrSay(before, { key: ['id'], format: 'jsonl' })
    if (first instanceof Error) return
    expect(utf8Text(await rendered(first.nodes, first.table))).toBe(before)
    const second = await readOrSay(after, {
      key: ['id'],
      format: 'jsonl',
      place: first,
      previous: first.table,
    })
    if (second instanceof Error) return
    expect(utf8Text(await rendered(second.nodes, second.table))).toBe(after)
  })
  await fc.assert(law, { numRuns })
})

test('broken JSON lines give a fault or come back byte for byte', async () => {
  const law = fc.asyncProperty(
    jsonlFile,
    fc.nat(),
    fc.integer({ min: 0, max: 255 }),
    async (text, at, byte) => {
      const bytes = utf8(text)
      bytes[at % bytes.length] = byte
      const result = await readOrSay(bytes, { key: ['id'], format: 'jsonl' })
      if (result instanceof Error) return
      expect(await rendered(result.nodes, result.table)).toEqual(bytes)
    },
  )
  await fc.assert(law, { numRuns: 250 })
})

// JSON in cells: every integer keeps its digits on the way to a program and back.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DataRepository } from '../../src/index.ts'
import { parseExact, stringifyExact } from '../../src/table/exact-json.ts'

test('integers beyond 2^53 are bigints wherever they stand, and all else is as JSON.parse has it', () => {
  const text =
    '{"n":9007199254740993,"a":[-9007199254740993,1],"s":"9007199254740993 \\" 9007199254740993","f":0.12345678901234567}'
  expect(parseExact(text)).toEqual({
    n: 9007199254740993n,
    a: [-9007199254740993n, 1],
    s: '9007199254740993 " 9007199254740993',
    f: Number('0.12345678901234567'),
  })
  expect(parseExact('1e300')).toBe(1e300)
  expect(Object.keys(parseExact('{"__proto__":90071992547409931}') as object)).toEqual(['__proto__'])
})

test.each([
  '09007199254740993',
  '--9007199254740993',
  '[9007199254740993',
  '"9007199254740993',
  '9007199254740993-1',
  '{9007199254740993:1}',
])('what is no JSON is none: %s', (text) => {
  expect(() => parseExact(text)).toThrow(SyntaxError)
})

test('what was written is read again', () => {
  const { jsonText } = fc.letrec((tie) => ({
    jsonText: fc.oneof(
      { depthSize: 'small' },
      fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
      fc
        .double({ noNaN: true, noDefaultInfinity: true })
        // Integers of that size are written in other digits.
        .filter((number) => Math.abs(number) < 1e15 && !Object.is(number, -0)),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(null, true, false, '9007199254740993', '"12345678901234567890'),
      fc.array(tie('jsonText')),
      fc.dictionary(fc.string(), tie('jsonText')),
    ),
  }))
  // Integers of either kind by their digits.
  const byDigits = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (_, item: unknown) =>
        typeof item === 'bigint' || Number.isInteger(item) ? String(BigInt(item as bigint)) : item,
      ),
    )
  fc.assert(
    fc.property(jsonText, (value) => {
      const text = stringifyExact(value as never)
      expect(byDigits(parseExact(text))).toEqual(byDigits(value))
      expect(stringifyExact(parseExact(text))).toBe(text)
    }),
  )
})

test('a program that changes one member of a cell changes no other', async () => {
  await using repo = DataRepository.over(undefined, { author: { name: 'Ada', email: 'ada@example.org' } })
  const long = '7'.repeat(1500)
  await repo.transaction('main', (tx) => {
    tx.createTable('t', { key: ['id'] }).put({
      id: 1,
      o: { n: 9007199254740993n, note: 'old' },
      long: BigInt(long),
    })
  })
  await repo.transaction('main', async (tx) => {
    const row = (await tx.table('t').get(1))!
    tx.table('t').put({ ...row, o: { ...(row['o'] as object), note: 'new' } })
  })
  const row = await (await repo.at('main')).table('t').get(1)
  expect({ ...row }).toEqual({ id: 1, o: { n: 9007199254740993n, note: 'new' }, long: BigInt(long) })
  for await (const diff of repo.diff({ from: 'main~1', to: 'main' }))
    for await (const [change] of diff.rows()) expect(change!.cells.map(({ column }) => column)).toEqual(['o'])
})

test('what could not be read again is refused before it is written', async () => {
  await using repo = DataRepository.over(undefined, { author: { name: 'Ada', email: 'ada@example.org' } })
  const put = (row: Record<string, never>, columns?: never): Promise<unknown> =>
    repo.transaction('main', (tx) => {
      const table = tx.createTable('t', { key: ['id'], ...(columns === undefined ? {} : { columns }) })
      table.put({ id: 1 })
      return table.get(1).then(() => table.put(row))
    })
  const half = '\ud800'
  await expect(put({ id: 1, a: half } as never)).rejects.toThrow('half of a surrogate pair')
  await expect(put({ id: half } as never)).rejects.toThrow('half of a surrogate pair')
  await expect(put({ id: 1, [half]: 'x' } as never)).rejects.toThrow('is not a valid name of a column')
  await expect(put(null as never)).rejects.toThrow('a row is an object')
  await expect(put({ id: 1 } as never, [{ name: 'id', type: 'number' }] as never)).rejects.toThrow(
    "column 'id' has the unknown type 'number'",
  )
  const many = Object.fromEntries(Array.from({ length: 32_768 }, (_, i) => [`c${i}`, 1]))
  await expect(put({ id: 1, ...many } as never)).rejects.toMatchObject({ code: 'VARVE_RULE_VIOLATED' })
  expect((await repo.branches())[0]!.commit).toBe(null)
})

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes, utf8, utf8Text } from '../../src/base/bytes.ts'
import type { ByteSource, FormatName } from '../../src/formats/interface.ts'
import { patchFile } from '../../src/formats/patch.ts'
import { read } from './round-trip.ts'

function sourceOf(bytes: Uint8Array): ByteSource & { bytesRead: number } {
  return {
    size: bytes.length,
    bytesRead: 0,
    async read(start, length) {
      this.bytesRead += length
      return bytes.slice(start, start + length)
    },
  }
}

async function patch(
  before: string,
  after: string,
  format: FormatName = 'csv',
  old = before,
): Promise<string | null> {
  const first = await read(before, { key: ['id'], format })
  const second = await read(after, { key: ['id'], format, place: first, previous: first.table })
  const parts: Uint8Array[] = []
  const write = async (part: Uint8Array): Promise<void> => void parts.push(part.slice())
  const tables = { before: first.table, after: second.table }
  const isPatched = await patchFile(first.nodes, tables, sourceOf(utf8(old)), write)
  return isPatched ? utf8Text(concatBytes(parts)) : null
}

test('changed, added and removed rows change their records and nothing else', async () => {
  const before = 'id,a\n1,x\n2,y\n5,z\n11,x\n21,x\n'
  for (const after of [
    'id,a\n1,x\n2,changed\n5,z\n11,x\n21,x\n',
    'id,a\n0,n\n1,x\n2,y\n3,n\n4,n\n5,z\n11,x\n21,x\n22,n\n',
    'id,a\n2,y\n11,x\n',
    'id,a\n',
    before,
  ]) {
    expect(await patch(before, after)).toBe(after)
  }
})

test('a cell that looks like a row deceives nobody', async () => {
  const before = 'id,a\n1,"x\n3,z\n"\n2,"\n3,z\n3,z\n"\n3,z\n'
  expect(await patch(before, before.replace(/3,z\n$/, '3,new\n'))).toBe(before.replace(/3,z\n$/, '3,new\n'))
  const odd = 'id,a\n1,5" x\n2,"\n3,z\n"\n3,z\n'
  expect(await patch(odd, odd.replace(/3,z\n$/, '3,new\n'))).toBe(odd.replace(/3,z\n$/, '3,new\n'))
})

test('there is no patch where it could not be right', async () => {
  expect(await patch('id,a\n1,x', 'id,a\n1,y')).toBe(null)
  expect(await patch('id,a\n2,x\n1,x\n', 'id,a\n2,x\n1,y\n')).toBe(null)
  expect(await patch('id,a\n1,x\n', 'id,a,b\n1,x,\n')).toBe(null)
  expect(await patch('id,a\n1,x\n2,y\n', 'id,a\n1,x\n2,z\n', 'csv', 'id,a\n1,x\n2,Y\n')).toBe(null)
  expect(await patch('id,a\n1,x\n2,y\n', 'id,a\n1,x\n2,z\n', 'csv', 'ID,a\n1,x\n2,y\n')).toBe(null)
})

test('JSON lines are patched too', async () => {
  const before = '{"id":1,"a":"x"}\n{"id":2}\n{ "id":3}\n'
  const after = '{"id":1,"a":"y"}\n{"id":2}\n{"id":3}\n{"id":4}\n'
  expect(await patch(before, after, 'jsonl')).toBe(after)
})

test('records beyond a window are found', async () => {
  const rows = (change: (id: number) => string) =>
    `id,a\n${Array.from({ length: 300_000 }, (_, i) => `${i},${'"q,\n" '.slice(0, i % 4 === 0 ? 5 : 0)}${i % 4 === 0 ? '' : 'x'.repeat(60)}\n`.replace(/^/, change(i))).join('')}`
  const before = rows(() => '')
  const after = before.replace('\n299990,"q,\n"', '\n299990,"new"').replace('\n7,x', '\n7,y')
  expect((await patch(before, after)) === after).toBe(true)
})

const rowsOf = fc.uniqueArray(
  fc.tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom('x', '', '"\n3,x\n"', '"a""b"', '5" y', '"q"')),
  {
    selector: ([id]) => id,
    maxLength: 30,
  },
)
const fileOf = (rows: [number, string][], quote: string): string =>
  `id,a\n${rows
    .sort(([a], [b]) => a - b)
    .map(([id, a]) => `${quote}${id}${quote},${a}\n`)
    .join('')}`

test('a patched file is the file that rendering gives', async () => {
  let patches = 0
  const law = fc.asyncProperty(rowsOf, rowsOf, fc.constantFrom('', '"'), async (a, b, quote) => {
    const patched = await patch(fileOf(a, quote), fileOf(b, quote))
    if (patched === null) return
    patches++
    expect(patched).toBe(fileOf(b, quote))
  })
  await fc.assert(law, { numRuns: 200 })
  expect(patches).toBeGreaterThan(60)
})

test('files with every cell quoted are patched', async () => {
  const before = '"id","a"\n"1","x\n""3"",""z""\n"\n"3","z"\n"4","\n"\n"5","y"\n'
  const after = before.replace('"3","z"\n"4"', '"3","new"\n"4"').replace('"5","y"\n', '"6","w"\n')
  expect(await patch(before, after)).toBe(after)
})

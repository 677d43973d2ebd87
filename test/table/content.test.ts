import { describe, expect, test } from 'vitest'
import { sameBytes } from '../../src/base/platform.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { codecOf } from '../../src/encoding/cid.ts'
import { writeBytes } from '../../src/files/content.ts'
import { objectBytesMax, type ObjectWriter } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { cellOf } from '../../src/table/cell.ts'
import { contentCid, putContent } from '../../src/table/content.ts'
import { cellBytesMax, decodeRow, encodeRow, type Slot } from '../../src/table/row.ts'
import { cellSlot, fetchContents, slotCell } from '../../src/table/slot.ts'

/** Bytes that no packing makes small, and no two parts of which are the same. */
function noise(length: number): Uint8Array {
  const words = new Uint32Array(length / 4 + 1)
  let state = 1
  for (let i = 0; i < words.length; i++) words[i] = state = Math.imul(state, 1664525) + 1013904223
  return new Uint8Array(words.buffer, 0, length)
}

const rowOf = (slot: Slot): ReturnType<typeof encodeRow> =>
  encodeRow({ lineEnd: 0, keyQuoting: 0, rawLine: null, cells: [slot] })

async function read(
  writer: ObjectWriter,
  { value, links }: ReturnType<typeof encodeRow>,
): Promise<Uint8Array> {
  const [slot] = decodeRow(value, links, 1).cells
  return slotCell(slot!, await fetchContents(writer, links)).bytes
}

describe('a cell out of line', () => {
  const writer = MemoryStore.create().writer()
  const bytes = noise(cellBytesMax)

  test.each([objectBytesMax, objectBytesMax + 1, cellBytesMax])('of %i bytes comes back', async (length) => {
    const content = bytes.subarray(0, length)
    const row = rowOf(cellSlot(cellOf('bytes', content), writer))
    expect(codecOf(row.links[0]!)).toBe(length > objectBytesMax ? 'dag-cbor' : 'raw')
    expect(sameBytes(await read(writer, row), content)).toBe(true)
  })

  test('of one byte more is refused', () => {
    expect(() => cellSlot(cellOf('bytes', new Uint8Array(cellBytesMax + 1)), writer)).toThrow(
      expect.objectContaining({
        code: 'VARVE_RULE_VIOLATED',
        data: expect.objectContaining({ reason: 'cell-too-large' }),
      }),
    )
  })

  test('beyond an object is what a file of its bytes is, and has that name without being stored', () => {
    const content = bytes.subarray(0, 5 << 20)
    expect(putContent(writer, content)).toBe(writeBytes(writer, content).content)
    expect(contentCid(content)).toBe(putContent(writer, content))
    expect(contentCid(content.subarray(0, 99))).toBe(writer.put('raw', content.subarray(0, 99)))
  })

  test('shares what it has in common with its version before', () => {
    const put: Cid[] = []
    const sink = {
      put: (codec: 'raw' | 'dag-cbor', one: Uint8Array) => (put.push(writer.put(codec, one)), put.at(-1)!),
    }
    const content = bytes.slice(0, 8 << 20)
    putContent(sink, content)
    const before = new Set(put.splice(0))
    content[4 << 20]! ^= 1
    putContent(sink, content)
    expect(put.filter((cid) => !before.has(cid)).length).toBeLessThan(6)
  })

  const five = bytes.subarray(0, 5 << 20)
  const spelling = cellSlot(cellOf('bytes', five), writer).spelling
  const short = cellSlot(cellOf('bytes', five.subarray(0, 2000)), writer).spelling
  const lies: [name: string, spelling: Uint8Array, link: Cid][] = [
    ['a raw object where its length asks for chunks', spelling, writer.put('raw', five.subarray(0, 4 << 20))],
    ['chunks where its length asks for one object', short, putContent(writer, five)],
    ['chunks of another length', spelling, putContent(writer, bytes.subarray(0, (5 << 20) + 1))],
    [
      'chunks of fewer bytes than an object may have',
      spelling,
      writeBytes(writer, bytes.subarray(0, 1 << 20)).content,
    ],
    [
      'chunks of more bytes than a cell may have',
      spelling,
      writeBytes(writer, new Uint8Array(cellBytesMax + 1)).content,
    ],
    ['a node that is no list of chunks', spelling, writer.put('dag-cbor', Uint8Array.of(0x80))],
  ]
  test.each(lies)('that has %s is corrupt', async (_, head, link) => {
    await expect((async () => read(writer, rowOf({ spelling: head, link })))()).rejects.toMatchObject({
      code: 'VARVE_CORRUPT',
    })
  })
})

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, equalBytes, utf8 } from '../../src/base/bytes.ts'
import { collect } from '../../src/base/iterables.ts'
import { cidOf, codecOf } from '../../src/encoding/cid.ts'
import { varintLength, writeVarint } from '../../src/encoding/varint.ts'
import { writeBytes, writeFile } from '../../src/files/content.ts'
import type { FileContent } from '../../src/files/interface.ts'
import { readFile, type ReadFileOptions } from '../../src/files/read.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { chunkListKind } from '../../src/prolly/rule.ts'
import { TreeBuilder } from '../../src/prolly/tree-builder.ts'
import type { ObjectWriter } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { noise } from '../chunking/noise.ts'

const newWriter = (): ObjectWriter => MemoryStore.create().writer()

async function* parts(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  // One buffer for all parts, as a file system reader has it: nobody may keep it.
  const buffer = new Uint8Array(step)
  for (let at = 0; at < bytes.length; at += step) {
    const part = bytes.subarray(at, at + step)
    buffer.set(part)
    yield buffer.subarray(0, part.length)
  }
}

async function read(
  writer: ObjectWriter,
  file: FileContent,
  options: ReadFileOptions = {},
): Promise<Uint8Array> {
  return concatBytes(await collect(readFile(new NodeStore(writer), file, options)))
}

const text = utf8('eine Zeile Text, und noch eine\n'.repeat(1000))
const samples: [string, Uint8Array][] = [
  ['nothing', new Uint8Array(0)],
  ['a line', utf8('a line\n')],
  ['a small text', text.subarray(0, 8192)],
  ['a longer text', text],
  ['a small binary', noise(32 << 10, 1)],
  ['a binary of some chunks', noise(1 << 20, 2)],
  [
    'a text of many chunks',
    utf8(Array.from(noise(600_000, 3), (byte) => String.fromCharCode(97 + (byte % 26))).join('')),
  ],
]

describe('a file in the store', () => {
  test.each(samples)('%s comes back, and has one name however it arrived', async (_, bytes) => {
    const writer = newWriter()
    const file = writeBytes(writer, bytes)
    expect(file.size).toBe(bytes.length)
    expect(equalBytes(await read(writer, file), bytes)).toBe(true)
    for (const step of [100, 4096, 65_536, 1 << 20]) {
      if (bytes.length / step < 5000) expect(await writeFile(newWriter(), parts(bytes, step))).toEqual(file)
    }
  })

  test('up to half a target it is one raw object, of which the name is the hash', () => {
    const writer = newWriter()
    for (const bytes of [utf8(''), utf8('a line\n'), noise(32 << 10, 1), text.subarray(0, 8192)]) {
      expect(writeBytes(writer, bytes).content).toBe(cidOf('raw', bytes))
    }
    expect(codecOf(writeBytes(writer, noise(1 << 20, 2)).content)).toBe('dag-cbor')
  })

  test('its names are these', () => {
    const writer = newWriter()
    expect(writeBytes(writer, noise(400_000, 1)).content).toBe(
      '017112205d64b8ad44e7e032b5c8b26db5bafd1692a12705a4bf255d2cafdfe66d21239a',
    )
    expect(writeBytes(writer, utf8('')).content).toBe(
      '01551220e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    )
  })

  test('any range comes back', async () => {
    const bytes = noise(700_000, 4)
    const writer = newWriter()
    const file = writeBytes(writer, bytes)
    const place = fc.integer({ min: -5, max: bytes.length + 5 })
    await fc.assert(
      fc.asyncProperty(place, place, async (start, end) => {
        const expected = bytes.subarray(Math.max(0, start), Math.max(0, end, start))
        expect(
          equalBytes(await read(writer, file, { start, end }), start < end ? expected : new Uint8Array(0)),
        ).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  test('a range reads its own chunks only', async () => {
    const writer = newWriter()
    const bytes = noise(4 << 20, 5)
    const file = writeBytes(writer, bytes)
    let asked = 0
    const counting: ObjectWriter = Object.assign(Object.create(writer) as ObjectWriter, {
      get: async (...args: Parameters<ObjectWriter['get']>) => {
        asked += args[0].length
        return writer.get(...args)
      },
    })
    expect(await read(counting, file, { start: 2_000_000, end: 2_000_010 })).toEqual(
      bytes.subarray(2_000_000, 2_000_010),
    )
    expect(asked).toBeLessThan(5)
  })

  test('one changed byte in the middle shares all other chunks', () => {
    const puts: string[] = []
    const writer = {
      put: (codec: 'raw' | 'dag-cbor', bytes: Uint8Array) => (puts.push(cidOf(codec, bytes)), puts.at(-1)!),
    }
    const bytes = noise(4 << 20, 6)
    writeBytes(writer as unknown as ObjectWriter, bytes)
    const first = new Set(puts.splice(0))
    bytes[2_000_000]! ^= 1
    writeBytes(writer as unknown as ObjectWriter, bytes)
    expect(puts.filter((cid) => !first.has(cid)).length).toBeLessThan(5)
  })

  test('stops when it is told to', async () => {
    const aborted = AbortSignal.abort()
    await expect(writeFile(newWriter(), parts(text, 100), { signal: aborted })).rejects.toMatchObject({
      code: 'VARVE_ABORTED',
    })
    const writer = newWriter()
    const file = writeBytes(writer, noise(400_000, 7))
    await expect(read(writer, file, { signal: aborted })).rejects.toMatchObject({ code: 'VARVE_ABORTED' })
  })

  test('says how far it is', async () => {
    const seen: number[] = []
    await writeFile(newWriter(), parts(noise(3 << 20, 8), 1 << 20), { onProgress: (done) => seen.push(done) })
    expect(seen).toEqual([1 << 20, 2 << 20, 3 << 20, 3 << 20])
  })
})

describe('content that lies is refused', () => {
  const item = (length: number): Uint8Array => {
    const bytes = new Uint8Array(varintLength(length))
    writeVarint(bytes, 0, length)
    return bytes
  }
  const chunk = utf8('four')

  test.each<[string, (writer: ObjectWriter) => FileContent]>([
    ['a size that is not the chunk’s', (writer) => ({ size: 5, content: writer.put('raw', chunk) })],
    ['a size that is not the list’s', (writer) => ({ ...listOf(writer, [4, 4]), size: 9 })],
    ['lengths that are not the chunks’', (writer) => listOf(writer, [3, 5])],
    ['an empty chunk', (writer) => listOf(writer, [4, 0])],
    ['a chunk longer than any', (writer) => listOf(writer, [4, 1 << 30])],
    ['a list of one', (writer) => listOf(writer, [4])],
    ['a list that is none', (writer) => ({ size: 4, content: writer.put('dag-cbor', Uint8Array.of(0x80)) })],
  ])('%s', async (_, make) => {
    const writer = newWriter()
    const file = make(writer)
    await expect(read(writer, file)).rejects.toMatchObject({ code: 'VARVE_CORRUPT' })
  })

  function listOf(writer: ObjectWriter, lengths: readonly number[]): FileContent {
    const list = new TreeBuilder(writer, { kind: chunkListKind, level: 0, leafTarget: 8192 })
    const cid = writer.put('raw', chunk)
    for (const length of lengths) list.addEntry(new Uint8Array(0), item(length), [cid])
    return { size: lengths.reduce((sum, length) => sum + length, 0), content: list.finish().cid }
  }
})

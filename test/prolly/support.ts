// Small trees for tests: entries in literals, a writer over a memory store, and a reader that counts.
import { utf8 } from '../../src/base/bytes.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { BatchBuilder } from '../../src/prolly/batch-builder.ts'
import type { Entry } from '../../src/prolly/interface.ts'
import { MapBuilder } from '../../src/prolly/map-builder.ts'
import type { ProllyMap } from '../../src/prolly/map.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import type { ObjectReader, ObjectWriter } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'

export function newWriter(): ObjectWriter {
  return MemoryStore.create().writer()
}

export interface CountingReader extends ObjectReader {
  reads: number
  objects: number
}

export function counting(reader: ObjectReader): CountingReader {
  const counter: CountingReader = {
    reads: 0,
    objects: 0,
    get(cids, options) {
      counter.reads++
      counter.objects += cids.length
      return reader.get(cids, options)
    },
    has: (cids, options) => reader.has(cids, options),
    getStored: (cids, options) => reader.getStored(cids, options),
  }
  return counter
}

export interface Pair {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly links?: readonly Cid[]
}

export function pair(key: string, value: string): Pair {
  return { key: utf8(key), value: utf8(value) }
}

/** Pairs k00000000 … with values of about `valueLength` bytes that differ from row to row. */
export function rows(count: number, valueLength = 40): Pair[] {
  return Array.from({ length: count }, (_, i) => row(i, valueLength))
}

export function row(i: number, valueLength = 40, salt = ''): Pair {
  const key = `k${String(i).padStart(8, '0')}`
  return pair(key, `${salt}${i}`.padEnd(valueLength, `-${i * 7919}`))
}

export const smallLeaves = 1024

export function buildMap(
  pairs: readonly Pair[],
  writer: ObjectWriter,
  leafTarget: number = smallLeaves,
): ProllyMap {
  const builder = new MapBuilder(writer, { leafTarget })
  const batch = new BatchBuilder()
  for (const { key, value, links } of pairs) batch.add(key, value, links)
  builder.add(batch.finish())
  return builder.finish(new NodeStore(writer))
}

export function flat(entry: Entry): string {
  return `${text(entry.key)}=${text(entry.value)}${entry.links.join()}`
}

export function text(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
}

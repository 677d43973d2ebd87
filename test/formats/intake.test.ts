import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { compareBytes, toHex, utf8 } from '../../src/base/bytes.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { RowIntake } from '../../src/formats/intake.ts'
import { PackedBuffer, type PackedRows } from '../../src/formats/packed.ts'
import { orderedBatches } from '../../src/formats/order.ts'
import { DuplicateKey } from '../../src/formats/runs.ts'
import { keyAt, linksAt, valueAt } from '../../src/prolly/entry-batch.ts'
import { MapBuilder } from '../../src/prolly/map-builder.ts'
import { newPlace } from './round-trip.ts'

function packed(keys: readonly Uint8Array[]): PackedRows {
  const buffer = new PackedBuffer(0, 0)
  for (const [i, key] of keys.entries()) {
    const [keyEnd, valueEnd] = i === 0 ? [0, 0] : [buffer.keyEnds[i - 1]!, buffer.valueEnds[i - 1]!]
    buffer.reserve(keyEnd + key.length, valueEnd + key.length + 1)
    buffer.keys.set(key, keyEnd)
    buffer.values.set([0, ...key], valueEnd)
    if (key[0] === 7) buffer.addContent(utf8(`content of ${toHex(key)}`))
    buffer.isOrdered &&= i === 0 || compareBytes(keys[i - 1]!, key) < 0
    buffer.endRow(keyEnd + key.length, valueEnd + key.length + 1)
  }
  return buffer.view()
}

const keyOf = fc
  .array(fc.constantFrom(0, 1, 7, 255), { minLength: 1, maxLength: 8 })
  .map((bytes) => Uint8Array.from(bytes))
const keys = fc.uniqueArray(keyOf, { selector: (key) => toHex(key), maxLength: 60 })
const shapes = fc.constantFrom('as they come', 'sorted', 'sorted, then some')

test('rows in any order, in memory or in runs, give the map and the order that they should', async () => {
  const law = fc.asyncProperty(
    keys,
    shapes,
    fc.integer({ min: 1, max: 15 }),
    fc.constantFrom(1, 100, 1 << 20),
    async (some, shape, size, runBytesMax) => {
      const cut =
        shape === 'as they come' ? 0 : shape === 'sorted' ? some.length : Math.floor(some.length / 2)
      const all = [...some.slice(0, cut).sort(compareBytes), ...some.slice(cut)]
      const { writer, nodes } = newPlace()
      const intake = new RowIntake(writer, nodes, { runBytesMax })
      for (let at = 0; at < all.length; at += size) await intake.add(packed(all.slice(at, at + size)))
      const { rows, order } = await intake.finish()
      const sorted = [...all].sort(compareBytes)
      const oracle = new MapBuilder(writer)
      for (const key of sorted) {
        const links: Cid[] = key[0] === 7 ? [writer.put('raw', utf8(`content of ${toHex(key)}`))] : []
        oracle.addEntry(key, Uint8Array.of(0, ...key), links)
      }
      expect(rows.cid).toBe(oracle.finish(nodes).cid)
      expect(order === null).toBe(all.every((key, i) => i === 0 || compareBytes(all[i - 1]!, key) < 0))
      if (order === null) return
      const batches = await collect(orderedBatches(nodes, rows, order))
      const entries = batches.flatMap((batch) =>
        Array.from({ length: batch.count }, (_, i) => [
          toHex(keyAt(batch, i)),
          toHex(valueAt(batch, i)),
          linksAt(batch, i).length,
        ]),
      )
      expect(entries).toEqual(all.map((key) => [toHex(key), `00${toHex(key)}`, key[0] === 7 ? 1 : 0]))
    },
  )
  await fc.assert(law, { numRuns: 300 })
})

test('a key that comes twice is found, wherever it comes', async () => {
  const law = fc.asyncProperty(
    keys,
    fc.nat(),
    fc.nat(),
    fc.integer({ min: 1, max: 10 }),
    fc.constantFrom(1, 1 << 20),
    async (some, from, to, size, runBytesMax) => {
      if (some.length === 0) return
      const twice = some[from % some.length]!
      const all = [...some]
      all.splice(to % (all.length + 1), 0, twice)
      const { writer, nodes } = newPlace()
      const intake = new RowIntake(writer, nodes, { runBytesMax })
      const error = await (async () => {
        for (let at = 0; at < all.length; at += size) await intake.add(packed(all.slice(at, at + size)))
        return intake.finish()
      })().catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(DuplicateKey)
      expect((error as DuplicateKey).key).toEqual(twice)
    },
  )
  await fc.assert(law, { numRuns: 300 })
})

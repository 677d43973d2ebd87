import { expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { writeBytes } from '../../src/files/content.ts'
import { similarity, sketch } from '../../src/files/similarity.ts'
import { findRenames } from '../../src/files/renames.ts'
import { diffTrees } from '../../src/files/tree-diff.ts'
import { noise } from '../chunking/noise.ts'
import { bench } from './support.ts'

test('a large content is sketched by the names of its chunks, which are not read', async () => {
  const { writer } = bench()
  const bytes = noise(4 << 20, 1)
  const before = writeBytes(writer, bytes).content
  bytes[2_000_000]! ^= 1
  const after = writeBytes(writer, bytes).content
  const read: Cid[] = []
  const reader = Object.assign(Object.create(writer) as typeof writer, {
    get: async (cids: readonly Cid[]) => {
      read.push(...cids)
      return writer.get(cids)
    },
  })
  const sketches = [await sketch(reader, before), await sketch(reader, after)] as const
  expect(sketches.map(({ of }) => of)).toEqual(['names', 'names'])
  expect(read).toEqual([before, after])
  expect(similarity(...sketches)).toBeGreaterThan(0.9)
  expect(similarity(sketches[0], await sketch(writer, writeBytes(writer, noise(4 << 20, 2)).content))).toBe(0)
})

test('a large file that moved and changed a little is a rename', async () => {
  const { empty, writer } = bench()
  const bytes = noise(4 << 20, 3)
  const file = { kind: 'file', executable: false } as const
  const before = await empty.update(writer, new Map([['a', { ...file, ...writeBytes(writer, bytes) }]]))
  bytes[99]! ^= 1
  const after = await empty.update(writer, new Map([['b/c', { ...file, ...writeBytes(writer, bytes) }]]))
  const { renames, others } = await findRenames(writer, (await collect(diffTrees(before, after))).flat())
  expect(renames.map(({ from, to }) => [from, to])).toEqual([['a', 'b/c']])
  expect(others).toEqual([])
})

test('of a short text each line counts, of a longer one spans of bytes', async () => {
  const { writer } = bench()
  const sketchOf = (lines: readonly string[]): ReturnType<typeof sketch> =>
    sketch(writer, writeBytes(writer, new TextEncoder().encode(`${lines.join('\n')}\n`)).content)
  const short = Array.from({ length: 12 }, (_, i) => `line ${i}`)
  const edited = short.map((line, i) => (i === 3 || i === 8 ? 'another' : line))
  const found = similarity(await sketchOf(short), await sketchOf(edited))
  expect(found).toBeGreaterThan(0.75)
  expect(found).toBeLessThan(0.9)
  const other = short.map((_, i) => `what else ${i}`)
  expect(similarity(await sketchOf(short), await sketchOf(other))).toBe(0)
  // One has just so much that its lines do not count: then they do not in either.
  const long = Array.from({ length: 800 }, (_, i) => `a line of text ${i}`)
  const longer = [...long, ...Array.from({ length: 100 }, (_, i) => `and another line ${i}`)]
  const sketches = [await sketchOf(long), await sketchOf(longer)] as const
  expect(sketches.map(({ lines }) => lines === undefined)).toEqual([false, true])
  expect(similarity(...sketches)).toBeGreaterThan(0.85)
})

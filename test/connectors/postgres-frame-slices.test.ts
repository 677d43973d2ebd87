// Slices of what COPY sends lie in memory that is used again: threads let go of what they have shared only when they collect.
import { expect, test } from 'vitest'
import { FrameSlices } from '../../src/connectors/postgres/copy/frame-slices.ts'

const mebibyte = 1 << 20

async function slicesOf(lengths: readonly number[]): Promise<{ bytes: Uint8Array; letter: number }[]> {
  async function* frames(): AsyncGenerator<Uint8Array> {
    await Promise.resolve()
    for (const [i, length] of lengths.entries()) yield new Uint8Array(length).fill(i + 1)
  }
  const slices = new FrameSlices(frames())
  const all: { bytes: Uint8Array; letter: number }[] = []
  for (let slice = await slices.next(); slice !== null; slice = await slices.next()) {
    const { bytes } = slice
    expect(bytes.every((byte) => byte === bytes[0])).toBe(true)
    all.push({ bytes, letter: bytes[0]! })
    slices.release(bytes)
  }
  return all
}

test('long rows come one after the other in the same memory, as long as it has room for them', async () => {
  const lengths = [2.5, 2.6, 2.1, 4.2, 3.9].map((n) => n * mebibyte)
  const slices = await slicesOf(lengths)
  expect(slices.map(({ bytes }) => bytes.length)).toEqual(lengths.map(Math.floor))
  expect(slices.map(({ letter }) => letter)).toEqual([1, 2, 3, 4, 5])
  const memory = slices.map(({ bytes }) => bytes.buffer)
  expect(memory.map((one) => memory.indexOf(one))).toEqual([0, 0, 0, 3, 3])
})

test('a small table has memory of its size alone', async () => {
  const [slice] = await slicesOf([1000])
  expect(slice!.bytes.buffer.byteLength).toBe(1000)
})

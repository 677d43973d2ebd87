import { expect, test } from 'vitest'
import { Decoded } from '../../src/encoding/decoded.ts'

const sum = (bytes: Uint8Array): { sum: number } => ({ sum: bytes.reduce((all, byte) => all + byte, 0) })

test('the same array is taken apart once, an equal one by itself', () => {
  let calls = 0
  const decoded = new Decoded<{ sum: number }>()
  const decode = (bytes: Uint8Array): { sum: number } => {
    calls++
    return sum(bytes)
  }
  const bytes = Uint8Array.of(1, 2)
  expect(decoded.of(bytes, decode)).toBe(decoded.of(bytes, decode))
  expect(calls).toBe(1)
  expect(decoded.of(Uint8Array.of(1, 2), decode)).toEqual({ sum: 3 })
  expect(calls).toBe(2)
})

test('what cannot be decoded is told each time', () => {
  const decoded = new Decoded<never>()
  const bytes = Uint8Array.of(1)
  const fail = (): never => {
    throw new RangeError('damaged')
  }
  expect(() => decoded.of(bytes, fail)).toThrow('damaged')
  expect(() => decoded.of(bytes, fail)).toThrow('damaged')
})

test('only the last few are kept', () => {
  let calls = 0
  const decoded = new Decoded<{ sum: number }>()
  const decode = (bytes: Uint8Array): { sum: number } => {
    calls++
    return sum(bytes)
  }
  const first = Uint8Array.of(7)
  decoded.of(first, decode)
  for (let i = 0; i < 200; i++) decoded.of(Uint8Array.of(i), decode)
  decoded.of(first, decode)
  expect(calls).toBe(202)
})

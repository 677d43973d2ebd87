import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { applyPatch, makePatch } from '../../src/store/patch.ts'

const text = Array.from(
  { length: 200 },
  (_, i) => `${i * 7919},name ${(i * 31) % 97},${(i * i) % 1013}\n`,
).join('')

function patchOf(young: string, old: string): Uint8Array {
  const patch = makePatch(utf8(young), utf8(old), young.length)
  expect(Buffer.from(applyPatch(patch!, utf8(old), utf8(young).length)).toString()).toBe(young)
  return patch!
}

test('an edit that keeps its length is a copy, the new bytes, and a copy from where it is expected', () => {
  const old = 'the quick brown fox jumps over the lazy dog'
  const young = 'the quick brown cat jumps over the lazy dog'
  const patch = patchOf(young, old)
  expect([...patch]).toEqual([2 * 16 + 1, 0, 2 * 3, ...utf8('cat'), 2 * 24 + 1, 0])
})

test('a longer cell, a new row and a removed one cost their own bytes and a few more', () => {
  expect(patchOf(text.replace('name 31,', 'somebody else,'), text).length).toBeLessThan(30)
  expect(patchOf(`${text.slice(0, 2001)}a new row\n${text.slice(2001)}`, text).length).toBeLessThan(30)
  expect(patchOf(text.slice(0, 1000) + text.slice(1500), text).length).toBeLessThan(15)
})

test('bytes that have little in common, and a base too long to look through, make no patch', () => {
  const other = text.replaceAll(/\d/g, (digit) => String((Number(digit) * 7 + 3) % 10))
  expect(makePatch(utf8(other), utf8(text), text.length / 8)).toBe(null)
  expect(makePatch(utf8(text), utf8(text.repeat(20)), text.length)).toBe(null)
})

test('whatever was edited, the patch makes the new bytes of the old ones', () => {
  const edit = fc.record({ at: fc.nat(5000), remove: fc.nat(300), insert: fc.string({ maxLength: 60 }) })
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 8 }), fc.uint8Array({ maxLength: 600 }), (edits, noise) => {
      const base = concatBytes([utf8(text), noise])
      let bytes = base
      for (const { at, remove, insert } of edits) {
        const start = Math.min(at, bytes.length)
        bytes = concatBytes([bytes.subarray(0, start), utf8(insert), bytes.subarray(start + remove)])
      }
      const patch = makePatch(bytes, base, bytes.length + 64)
      expect(patch).not.toBe(null)
      expect(Buffer.compare(applyPatch(patch!, base, bytes.length), bytes)).toBe(0)
    }),
    { numRuns: 300 },
  )
})

test('a patch from outside makes bytes of the length it claims, or is refused', () => {
  const base = utf8(text.slice(0, 500))
  const sound = makePatch(utf8(`${text.slice(0, 200)}new${text.slice(220, 500)}`), base, 500)!
  const length = 483
  for (let at = 0; at < sound.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const broken = sound.slice()
      broken[at]! ^= 1 << bit
      outcome(broken)
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), outcome), { numRuns: 2000 })

  function outcome(patch: Uint8Array): void {
    try {
      expect(applyPatch(patch, base, length).length).toBe(length)
    } catch (error) {
      if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
    }
  }
})

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { cidOf } from '../../src/encoding/cid.ts'
import { decodeEntry, encodeEntry, type StoredEntry } from '../../src/files/entry.ts'
import type { TreeEntry } from '../../src/files/interface.ts'

const chunk = cidOf('raw', utf8('chunk'))
const node = cidOf('dag-cbor', utf8('node'))

const entries: [TreeEntry, string][] = [
  [{ kind: 'file', executable: false, size: 0, content: chunk }, '0100'],
  [{ kind: 'file', executable: true, size: 300, content: chunk }, '02ac02'],
  [{ kind: 'file', executable: false, size: 2 ** 53 - 1, content: node }, '01ffffffffffffff0f'],
  [{ kind: 'symlink', target: utf8('../a') }, '032e2e2f61'],
  [{ kind: 'table', executable: false, table: node }, '04'],
  [{ kind: 'table', executable: true, table: node }, '05'],
]

const refused: [string, StoredEntry][] = [
  ['nothing', { value: Uint8Array.of(), links: [] }],
  ['unknown type', { value: Uint8Array.of(9), links: [chunk] }],
  ['file without size', { value: Uint8Array.of(1), links: [chunk] }],
  ['file without link', { value: Uint8Array.of(1, 0), links: [] }],
  ['file with two links', { value: Uint8Array.of(1, 0), links: [chunk, chunk] }],
  ['size spelled longer', { value: Uint8Array.of(1, 0x80, 0), links: [chunk] }],
  ['bytes behind the size', { value: Uint8Array.of(1, 1, 1), links: [chunk] }],
  ['chunk of a gigabyte', { value: Uint8Array.of(1, 0x80, 0x80, 0x80, 0x80, 4), links: [chunk] }],
  ['symlink without target', { value: Uint8Array.of(3), links: [] }],
  ['symlink with link', { value: Uint8Array.of(3, 0x61), links: [chunk] }],
  ['symlink with NUL', { value: Uint8Array.of(3, 0x61, 0), links: [] }],
  ['symlink too long', { value: new Uint8Array(4098).fill(3), links: [] }],
  ['table that is a chunk', { value: Uint8Array.of(4), links: [chunk] }],
  ['table with a tail', { value: Uint8Array.of(4, 0), links: [node] }],
]

describe('tree entries', () => {
  test.each(entries)('%j is %s', (entry, hex) => {
    const stored = encodeEntry(entry)
    expect(toHex(stored.value)).toBe(hex)
    expect(decodeEntry(stored)).toEqual(entry)
  })

  test.each(refused)('%s is refused', (_, stored) => {
    expect(() => decodeEntry(stored)).toThrow(expect.objectContaining({ code: 'VARVE_CORRUPT' }))
  })

  test('a symlink that points nowhere is not written', () => {
    expect(() => encodeEntry({ kind: 'symlink', target: utf8('') })).toThrow('symlink')
    expect(() => encodeEntry({ kind: 'symlink', target: new Uint8Array(4097).fill(97) })).toThrow('symlink')
  })

  test('whatever decodes has one spelling', () => {
    const links = fc.array(fc.constantFrom(chunk, node), { maxLength: 2 })
    const values = fc
      .tuple(fc.nat(6), fc.uint8Array({ maxLength: 10 }))
      .map(([type, rest]) => Uint8Array.of(type, ...rest))
    fc.assert(
      fc.property(fc.record({ value: values, links }), (stored) => {
        try {
          expect(encodeEntry(decodeEntry(stored))).toEqual(stored)
        } catch (error) {
          if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
        }
      }),
      { numRuns: 1000 },
    )
  })
})

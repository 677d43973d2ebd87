// Bases are read together, and what cannot be read of them is left out alone.
import { expect, test } from 'vitest'
import { corrupt } from '../../src/base/errors.ts'
import { cidOf } from '../../src/encoding/cid.ts'
import { readableBases } from '../../src/store/disk/bases.ts'

const cids = Array.from({ length: 9 }, (_, i) => cidOf('raw', Uint8Array.of(i)))

test('all bases come with one read', () => {
  let reads = 0
  const found = readableBases(cids, (some) => {
    reads += 1
    return some.map((cid) => Buffer.from(cid))
  })
  expect(reads).toBe(1)
  expect(found.map(([cid, bytes]) => [cid, Buffer.from(bytes).toString()])).toEqual(
    cids.map((cid) => [cid, cid]),
  )
})

test.each([[[0]], [[4, 8]], [[0, 1, 2, 3, 4, 5, 6, 7, 8]]])(
  'bases %j, which cannot be read, leave the others as they are',
  (damaged) => {
    const found = readableBases(cids, (some) =>
      some.map((cid) => {
        if (damaged.includes(cids.indexOf(cid))) throw corrupt(`object '${cid}' is damaged`)
        return Buffer.from(cid)
      }),
    )
    expect(found.map(([cid]) => cids.indexOf(cid))).toEqual(
      cids.flatMap((_, i) => (damaged.includes(i) ? [] : [i])),
    )
  },
)

test('another failure is not hidden', () => {
  const failing = (): never => {
    throw new TypeError('a mistake')
  }
  expect(() => readableBases(cids, failing)).toThrow('a mistake')
  expect(readableBases([], failing)).toEqual([])
})

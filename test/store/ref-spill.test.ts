import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { type Cid, type Codec, cidOf } from '../../src/encoding/cid.ts'
import { SpilledRefs, refParts, refsOfParts, spillRefs } from '../../src/store/ref-spill.ts'

const sorted = (refs: ReadonlyMap<string, Cid>): string[] =>
  [...refs].map(([name, cid]) => `${name} ${cid}`).toSorted()

test('of many refs of which one moves, one part is read anew', () => {
  const objects = new Map<Cid, Uint8Array>()
  const put = (codec: Codec, bytes: Uint8Array): Cid => {
    const cid = cidOf(codec, bytes)
    objects.set(cid, bytes)
    return cid
  }
  let reads = 0
  const read = (cids: readonly Cid[]): Uint8Array[] => {
    reads += cids.length
    return cids.map((cid) => objects.get(cid)!)
  }
  const target = (i: number): Cid => cidOf('dag-cbor', utf8(`commit ${i}`))
  const refs = new Map(Array.from({ length: 5000 }, (_, i) => [`refs/heads/b${i}`, target(i)]))
  const spilled = new SpilledRefs()
  const first = spillRefs(refs, put)
  const found = spilled.of(first, read)
  expect(sorted(found)).toEqual(sorted(refs))
  const parts = refParts(objects.get(first)!).length
  expect([parts > 3, reads]).toEqual([true, parts + 1])
  expect(spilled.of(first, read)).toBe(found)
  refs.set('refs/heads/b17', target(9999)).delete('refs/heads/b18')
  const second = spillRefs(refs, put)
  reads = 0
  expect(sorted(spilled.of(second, read))).toEqual(sorted(refs))
  expect(reads).toBeLessThanOrEqual(3)
  const whole = refsOfParts(refParts(objects.get(second)!).map((cid) => objects.get(cid)!))
  expect(sorted(whole)).toEqual(sorted(refs))
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyFilter, filterFor, fullFilter, mayHold, probeOf } from '../../src/history/bloom.ts'
import { decodeGraph } from '../../src/history/commit-graph-file.ts'
import { graphOf } from '../../src/history/commit-graph.ts'
import { collect } from '../../src/base/iterables.ts'
import { utf8 } from '../../src/base/bytes.ts'
import type { CommitCid } from '../../src/encoding/cid.ts'
import { divergence, isAncestor, walkCommits } from '../../src/history/ancestry.ts'
import { nextGeneration, writeCommit } from '../../src/history/commit.ts'
import { reachedFrom, commitsReaching } from '../../src/history/reach.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { KeptStore } from '../repo/kept-store.ts'

/** A commit a number: how far back its parents are; the same minute for some, so that names decide. */
async function drawn(parentsOf: readonly (readonly number[])[]): Promise<[MemoryStore, CommitCid[]]> {
  const store = MemoryStore.create()
  const writer = store.writer()
  const tree = writer.put('raw', new Uint8Array([1]))
  const cids: CommitCid[] = []
  for (const [i, back] of parentsOf.entries()) {
    const parents = [...new Set(back.map((steps) => cids[i - steps]).filter((cid) => cid !== undefined))]
    const who = { name: 'Ada', email: 'ada@example.org', timeMs: 60_000 * (i % 7), zoneMinutes: 0 }
    const generation = await nextGeneration(writer, parents)
    const facts = { tree, parents, author: who, committer: who, message: `${i}`, generation, extra: {} }
    cids.push(writeCommit(writer, facts))
  }
  const operation = { name: 'draw', message: '', author: '' }
  await store.update(() => ({ refs: new Map(cids.map((cid, i) => [`refs/heads/b${i}`, cid])), operation }), {
    writer,
  })
  return [store, cids]
}

/** 400 commits, every fifth a merge. */
const long = Array.from({ length: 400 }, (_, i) => (i % 5 === 4 ? [1, 4] : [1]))

describe('what is known of commits', () => {
  test('walks are the same without it, while it is made, and by what was kept', async () => {
    const drawings = fc.array(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }), {
      minLength: 2,
      maxLength: 40,
    })
    await fc.assert(
      fc.asyncProperty(drawings, fc.nat(), fc.nat(), async (parentsOf, x, y) => {
        const [inner, cids] = await drawn(parentsOf)
        const [a, b] = [cids[x % cids.length]!, cids[y % cids.length]!]
        const plain = new KeptStore(inner)
        // Nothing is kept of a store without a cache.
        const bare = {
          get: plain.get.bind(plain),
          has: plain.has.bind(plain),
          getStored: plain.getStored.bind(plain),
        }
        const answers = async (reader: typeof bare): Promise<unknown> => [
          (await collect(walkCommits(reader, [a], { exclude: [b] }))).map(({ message }) => message),
          (await collect(walkCommits(reader, [a, b], { firstParent: true }))).map(({ message }) => message),
          await divergence(reader, a, b),
          await isAncestor(reader, a, b),
          [...(await reachedFrom(reader, [a], cids))].sort(),
          [...(await commitsReaching(reader, cids, [b]))].sort(),
        ]
        const expected = await answers(bare)
        expect(await answers(plain)).toEqual(expected)
        expect(await answers(plain)).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  })

  test('a walk that was taken before reads commits only to show them', async () => {
    const [inner, cids] = await drawn(long)
    const store = new KeptStore(inner)
    await collect(walkCommits(store, [cids.at(-1)!]))
    expect([...store.files.keys()]).toEqual(['history'])
    const later = new KeptStore(inner, store.files)
    expect(await isAncestor(later, cids[0]!, cids.at(-1)!)).toBe(true)
    // So many are read before it is worth looking for what was kept.
    expect(later.read.size).toBeLessThan(70)
    const walked = (await collect(walkCommits(later, [cids.at(-1)!]))).map(({ message }) => message)
    expect(walked).toEqual((await collect(walkCommits(inner, [cids.at(-1)!]))).map(({ message }) => message))
  })

  test('who reaches whom, of many at once, is what it is of each pair', async () => {
    const [store, cids] = await drawn(long.slice(0, 60).map((back, i) => (i % 7 === 3 ? [5] : back)))
    for (const at of [0, 3, 17, 31, 44, 59]) {
      const one = cids[at]!
      const [up, down] = [new Set<CommitCid>(), new Set<CommitCid>()]
      for (const cid of cids) {
        if (await isAncestor(store, one, cid)) up.add(cid)
        if (await isAncestor(store, cid, one)) down.add(cid)
      }
      expect(await commitsReaching(store, cids, [one])).toEqual(up)
      expect(await reachedFrom(store, [one], cids)).toEqual(down)
    }
    expect(await commitsReaching(store, cids, [])).toEqual(new Set())
    expect(await reachedFrom(store, [], cids)).toEqual(new Set())
  })

  test('lists of what reaches what read no commits that are known', async () => {
    const [inner, cids] = await drawn(long)
    const store = new KeptStore(inner)
    await collect(walkCommits(store, [cids.at(-1)!]))
    const later = new KeptStore(inner, store.files)
    graphOf(later, { whole: true })
    expect((await commitsReaching(later, cids, [cids[3]!])).size).toBeGreaterThan(300)
    expect((await reachedFrom(later, [cids.at(-1)!], cids)).size).toBeGreaterThan(300)
    expect(later.read.size).toBe(0)
  })

  test('what two processes learn at once is lost in part at worst', async () => {
    const [inner, cids] = await drawn(long)
    const [one, other] = [new KeptStore(inner), new KeptStore(inner)]
    await collect(walkCommits(one, [cids[300]!]))
    await collect(walkCommits(other, [cids[390]!], { exclude: [cids[20]!] }))
    other.files.set('history', one.files.get('history')!)
    const later = new KeptStore(inner, other.files)
    const ahead = await divergence(later, cids[399]!, cids[0]!)
    expect(ahead).toEqual(await divergence(inner, cids[399]!, cids[0]!))
  })

  test('a file that is cut short, changed, or something else is not there', async () => {
    const [inner, cids] = await drawn(long)
    const store = new KeptStore(inner)
    await collect(walkCommits(store, [cids.at(-1)!]))
    const bytes = store.files.get('history')!
    expect(decodeGraph(bytes)?.count).toBe(400)
    for (const length of [0, 7, 20, 60, bytes.length - 1])
      expect(decodeGraph(bytes.slice(0, length))).toBeNull()
    for (let at = 0; at < bytes.length; at += 97) {
      const damaged = bytes.slice()
      damaged[at] = damaged[at]! ^ 4
      expect(decodeGraph(damaged)).toBeNull()
    }
    const broken = new KeptStore(inner, new Map([['history', bytes.slice(0, 1000)]]))
    expect(graphOf(broken, { whole: true }).count).toBe(0)
    expect(await isAncestor(broken, cids[0]!, cids.at(-1)!)).toBe(true)
  })
})

describe('a filter', () => {
  test('denies no member', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 300 }), (members) => {
        const filter = filterFor(members.map(probeOf))
        return members.every((member) => mayHold(filter, probeOf(member)))
      }),
      { numRuns: 50 },
    )
  })

  test('denies nearly all others; an empty one all, a full one none', () => {
    for (const count of [1, 2, 3, 20, 200]) {
      const filter = filterFor(Array.from({ length: count }, (_, i) => probeOf(utf8(`notes/${i}.txt`))))
      let met = 0
      for (let i = 0; i < 2000; i++) if (mayHold(filter, probeOf(utf8(`other/${i}`)))) met++
      expect(met).toBeLessThan(60)
    }
    expect(mayHold(emptyFilter, probeOf(utf8('a')))).toBe(false)
    expect(mayHold(fullFilter, probeOf(utf8('a')))).toBe(true)
  })
})

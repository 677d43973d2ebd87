// The first bad commit is found, whatever the history looks like, with about as many tests as halving takes.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CommitCid } from '../../src/encoding/cid.ts'
import { Tree } from '../../src/files/tree.ts'
import { nextToTest } from '../../src/history/bisect.ts'
import { nextGeneration, writeCommit } from '../../src/history/commit.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { MemoryStore } from '../../src/store/memory.ts'

/** Commits by number; each names its parents by their numbers, which are smaller. */
async function draw(
  parents: readonly (readonly number[])[],
): Promise<{ store: MemoryStore; cids: CommitCid[] }> {
  const store = MemoryStore.create()
  const writer = store.writer()
  const tree = Tree.empty(new NodeStore(writer), writer).cid
  const cids: CommitCid[] = []
  for (const [number, of] of parents.entries()) {
    const who = { name: 'Ada', email: 'ada@example.org', timeMs: number * 1000, zoneMinutes: 0 }
    const above = of.map((one) => cids[one]!)
    const generation = await nextGeneration(writer, above)
    cids.push(
      writeCommit(writer, {
        tree,
        parents: above,
        author: who,
        committer: who,
        message: `${number}`,
        generation,
        extra: {},
      }),
    )
  }
  await store.update(
    () => ({
      refs: new Map(cids.map((cid, i) => [`refs/heads/b${i}`, cid])),
      operation: { name: 'x', message: '', author: '' },
    }),
    { writer },
  )
  return { store, cids }
}

function reachedFrom(parents: readonly (readonly number[])[], from: number): Set<number> {
  const seen = new Set<number>()
  const open = [from]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) continue
    seen.add(at)
    open.push(...parents[at]!)
  }
  return seen
}

interface Search {
  readonly found: number | readonly number[]
  readonly tests: number
}

async function search(
  parents: readonly (readonly number[])[],
  ends: { bad: number; good: readonly number[] },
  verdict: (commit: number) => 'good' | 'bad' | 'skip',
): Promise<Search> {
  const { store, cids } = await draw(parents)
  const numberOf = (cid: CommitCid): number => cids.indexOf(cid)
  let bad = cids[ends.bad]!
  const good = ends.good.map((one) => cids[one]!)
  const skipped = new Set<CommitCid>()
  let checked = false
  for (let tests = 0; ; tests++) {
    const step = await nextToTest(store, { bad, good, skipped, checked })
    if (step.kind === 'found') return { found: numberOf(step.commit), tests }
    if (step.kind === 'untold') return { found: step.commits.map(numberOf), tests }
    checked ||= !step.isBase
    const said = verdict(numberOf(step.commit))
    if (said === 'good') good.push(step.commit)
    else if (said === 'bad') bad = step.commit
    else skipped.add(step.commit)
  }
}

const line = (length: number): number[][] => Array.from({ length }, (_, i) => (i === 0 ? [] : [i - 1]))

describe('a line of commits', () => {
  test('is halved: 64 commits take 6 tests, wherever the bad one is', async () => {
    for (const first of [1, 2, 31, 32, 33, 63, 64]) {
      const result = await search(line(65), { bad: 64, good: [0] }, (at) => (at >= first ? 'bad' : 'good'))
      expect(result).toEqual({ found: first, tests: 6 })
    }
  })

  test('around what cannot be told the others are tested, and the rest is named', async () => {
    const cannot = new Set([30, 31, 32, 33])
    const verdict = (first: number) => (at: number) =>
      cannot.has(at) ? 'skip' : at >= first ? 'bad' : 'good'
    expect((await search(line(65), { bad: 64, good: [0] }, verdict(40))).found).toBe(40)
    expect((await search(line(65), { bad: 64, good: [0] }, verdict(32))).found).toEqual([30, 31, 32, 33, 34])
  })
})

test('of any history with merges the first bad commit is found in about as many tests as halving takes', async () => {
  const history = fc
    .array(fc.tuple(fc.nat(), fc.option(fc.nat(), { nil: null, freq: 3 })), { minLength: 2, maxLength: 60 })
    .map((draws) => [
      [],
      ...draws.map(([a, b], i) => [
        ...new Set([i - (a % Math.min(3, i + 1)), ...(b === null ? [] : [b % (i + 1)])]),
      ]),
    ])
  await fc.assert(
    fc.asyncProperty(history, fc.nat(), async (parents, pick) => {
      const bad = parents.length - 1
      const candidates = [...reachedFrom(parents, bad)].filter((one) => one !== 0)
      const first = candidates[pick % candidates.length]!
      // Bad is what has the first bad commit in its past.
      const verdict = (at: number) => (reachedFrom(parents, at).has(first) ? 'bad' : 'good')
      const { found, tests } = await search(parents, { bad, good: [0] }, verdict)
      expect(found).toBe(first)
      expect(tests).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(candidates.length)) + 1)
    }),
    { numRuns: 60 },
  )
})

describe('where lines part', () => {
  // 0 - 1 - 2 (good); 1 - 3 - 4 (bad)
  const fork = [[], [0], [1], [1], [3]]

  test('the commit they part at is tested first', async () => {
    expect(await search(fork, { bad: 4, good: [2] }, (at) => (at >= 3 ? 'bad' : 'good'))).toEqual({
      found: 3,
      tests: 2,
    })
  })

  test('it must be good, and good must not descend from bad', async () => {
    await expect(search(fork, { bad: 4, good: [2] }, () => 'bad')).rejects.toMatchObject({
      code: 'VARVE_NOT_POSSIBLE',
    })
    await expect(search(line(3), { bad: 1, good: [2] }, () => 'bad')).rejects.toThrow(
      'which descends from it',
    )
    await expect(search(line(3), { bad: 1, good: [1] }, () => 'bad')).rejects.toThrow('both good and bad')
  })
})

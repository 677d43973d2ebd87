// However conflicts are resolved, one by one in any sequence, in groups, by a sheet or all at once, opened again in
// between or not, what comes out is the same tree.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { scanRecords } from '../../src/merge/conflicts/conflicts.ts'
import { reopenConflicts, resolveConflicts, settleConflicts } from '../../src/merge/resolve/resolve.ts'
import type { OpenMerge, Resolution } from '../../src/merge/resolve/settler.ts'
import { type Take, chosenSide } from '../../src/merge/resolve/take.ts'
import { TableSchemas } from '../../src/merge/resolve/table-schemas.ts'
import { Tree } from '../../src/files/tree.ts'
import { Clash, csv } from '../api/merging.ts'
import { Bench, csv as layout, type TableSpec } from '../merge/bench.ts'

const columns = ['id', 'a', 'b']
const ids = ['1', '2', '3', '4', '5', '6', '7', '8']

/** A version: rows in the order of the file; no two versions agree on a cell by chance alone. */
const version = fc
  .tuple(
    fc.shuffledSubarray(ids, { minLength: 1 }),
    fc.infiniteStream(fc.constantFrom('x', 'y', 'z', null)),
    fc.boolean(),
  )
  .map(([order, texts, isSorted]): TableSpec => {
    const keys = isSorted ? order.toSorted() : order
    const next = (): string | null => texts.next().value as string | null
    return { columns, layout, rows: keys.map((key) => [key, next(), next()]) }
  })

const takes: readonly Take[] = [
  'ours',
  'theirs',
  'base',
  'delete',
  { value: 'v' },
  { value: '{"a":"p","b":"q"}' },
]

interface Case {
  readonly base: TableSpec
  readonly ours: TableSpec
  readonly theirs: TableSpec
  /** By turns: what each conflict takes, the sequence, and which are opened again once. */
  readonly choices: readonly number[]
  readonly sequence: readonly number[]
}

const cases: fc.Arbitrary<Case> = fc.record({
  base: version,
  ours: version,
  theirs: version,
  choices: fc.array(fc.nat(5), { minLength: 24, maxLength: 24 }),
  sequence: fc.array(fc.nat(1000), { minLength: 24, maxLength: 24 }),
})

async function mergeOf(bench: Bench, { base, ours, theirs }: Case): Promise<OpenMerge | null> {
  const before = await bench.table(base)
  const tree = async (spec: TableSpec): Promise<Cid> =>
    bench.tree({ t: bench.entry(await bench.table(spec, before)), u: bench.entry(before) })
  const outcome = await bench.merge(await tree(base), await tree(ours), await tree(theirs))
  if (outcome.conflicts === null) return null
  const { tree: merged, conflicts } = outcome
  const { nodes, writer } = bench
  return { nodes, writer, tree: merged, conflicts, met: { tree: merged, conflicts }, resolutions: null }
}

/** What each conflict takes: a choice that its kind can take. */
async function takesOf(merge: OpenMerge, { choices }: Case): Promise<Map<number, Take>> {
  const found = new Map<number, Take>()
  for (const { number, record } of (await collect(scanRecords(merge.nodes, merge.conflicts))).flat()) {
    const fit = takes.filter((take) => {
      if (typeof take === 'string') return take !== 'delete' || record.kind !== 'cell'
      return take.value.startsWith('{') === (record.kind !== 'cell')
    })
    found.set(number, fit[choices[number % choices.length]! % fit.length]!)
  }
  return found
}

async function allAtOnce(merge: OpenMerge, wanted: ReadonlyMap<number, Take>): Promise<Resolution> {
  const schemas = new TableSchemas(merge.nodes, await Tree.load(merge.nodes, merge.tree))
  return settleConflicts({ ...merge, conflicts: merge.conflicts! }, async (batch) => {
    const chosen = []
    for (const { number, record } of batch)
      chosen.push(await chosenSide(record, wanted.get(number)!, schemas, merge.writer))
    return chosen
  })
}

describe('resolving', () => {
  test('law: conflicts resolved one by one in any sequence give the tree of all at once', async () => {
    let conflicts = 0
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const bench = new Bench()
        const merge = await mergeOf(bench, one)
        if (merge === null) return
        const wanted = await takesOf(merge, one)
        conflicts += wanted.size
        const whole = await allAtOnce(merge, wanted)
        expect(whole.left).toBe(0)
        const order = [...wanted.keys()].sort(
          (a, b) => one.sequence[a % 24]! - one.sequence[b % 24]! || a - b,
        )
        let at: OpenMerge = merge
        for (const number of order) {
          const take = wanted.get(number)!
          at = {
            ...merge,
            ...(await resolveConflicts({ ...at, conflicts: at.conflicts!, id: String(number), take })),
          }
        }
        expect(at).toMatchObject({ tree: whole.tree, conflicts: null, resolutions: whole.resolutions })
      }),
      { numRuns: 80 },
    )
    expect(conflicts).toBeGreaterThan(150)
  })

  test('law: conflicts that are opened again are as if they had never been resolved', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const bench = new Bench()
        const merge = await mergeOf(bench, one)
        if (merge === null) return
        const wanted = await takesOf(merge, one)
        const whole = await allAtOnce(merge, wanted)
        const again = [...wanted.keys()].filter((number) => one.sequence[number % 24]! % 2 === 0)
        let at: OpenMerge = { ...merge, ...whole }
        for (const number of again)
          at = { ...merge, ...(await reopenConflicts({ ...at, id: String(number) })) }
        const open = (await collect(scanRecords(bench.nodes, at.conflicts)))
          .flat()
          .map(({ number }) => number)
        expect(open).toEqual(again)
        for (const number of again.toReversed()) {
          const take = wanted.get(number)!
          at = {
            ...merge,
            ...(await resolveConflicts({ ...at, conflicts: at.conflicts!, id: String(number), take })),
          }
        }
        expect(at.tree).toBe(whole.tree)
        const undone = await reopenConflicts({ ...merge, ...whole })
        expect(undone).toMatchObject({ tree: merge.tree, conflicts: merge.conflicts, resolutions: null })
      }),
      { numRuns: 50 },
    )
  })

  test('law: a sheet and the same words one by one give the same file', async () => {
    const head = 'id,a,b'
    const sides = {
      base: { 't.csv': csv(head, '5,x,x', '2,x,x', '9,x,x', '1,x,x') },
      ours: { 't.csv': csv(head, '5,o,o', '9,x,o', '1,x,x', '7,o,o') },
      theirs: { 't.csv': csv(head, '7,t,t', '5,t,t', '2,t,x', '9,x,t', '1,x,x') },
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('ours', 'theirs', 'base'), { minLength: 5, maxLength: 5 }),
        fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
        async (words, sequence) => {
          const results: string[] = []
          for (const way of ['sheet', 'one by one']) {
            const clash = await Clash.of({ 't.csv': ['id'] }, sides)
            expect((await clash.repo.merge('theirs')).conflictCount).toBe(5)
            const [head, ...lines] = await clash.sheet()
            if (way === 'sheet')
              await clash.repo.resolveSheet([head, ...sequence.map((i) => lines[i]! + words[i]!)].join('\n'))
            else {
              for (const i of sequence)
                await clash.repo.resolve(null, { id: String(i + 1), take: words[i]! as Take })
            }
            results.push(clash.read('t.csv'))
          }
          expect(results[0]).toBe(results[1])
        },
      ),
      { numRuns: 4 },
    )
  })
})

// Two clones work for one link, and each fetches from the other before its round; rounds of both overlap, step by step, and
// some are killed at any step, before their receipt is stored. Users of the database write at any time, and take back what
// they wrote. When all is quiet both clones and the database are equal: no change is lost, and what was taken back stays so.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isTransient } from '../../src/sync/retry.ts'
import {
  type Gate,
  type LinkedClone,
  type Rows,
  linkedClones,
  rowsOf,
  setRow,
} from '../support/linked-clones.ts'
import { type SqlDatabase, type SqlSystem, sqlSystems } from '../support/sql-systems.ts'

class Killed extends Error {}

type Random = (below: number) => number

function randomOf(seed: number): Random {
  let state = seed * 7919 + 1
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >> 8) % below
  }
}

interface Running {
  /** Comes before some steps. */
  readonly between: () => Promise<void>
  /** Each round dies at some step, once in so many. */
  readonly lives: number
  readonly note: (step: string) => void
}

/** Rounds that run at once, of which one at a time takes a step. */
class Schedule {
  readonly #random: Random
  readonly #waiting: { readonly go: () => void; readonly die: () => void; readonly name: string }[] = []
  #running = 0

  constructor(random: Random) {
    this.#random = random
  }

  async run(
    rounds: readonly ((gate: Gate) => Promise<unknown>)[],
    { between, lives, note }: Running,
  ): Promise<void> {
    const failures: unknown[] = []
    const all = rounds.map((round, i) => {
      this.#running++
      let isDead = false
      const gate: Gate = (step) =>
        new Promise((resolve, reject) => {
          const die = (): void => {
            isDead = true
            reject(new Killed(step))
          }
          if (isDead) return die()
          this.#running--
          this.#waiting.push({ go: resolve, die, name: `${i} ${step}` })
        })
      return round(gate)
        .catch((error: unknown) => {
          if (!(error instanceof Killed) && !isTransient(error)) failures.push(error)
          note(`${i} ended: ${String(error)}`)
        })
        .finally(() => this.#running--)
    })
    let isOver = false
    const over = Promise.all(all).then(() => (isOver = true))
    while (!isOver) {
      if (this.#running > 0) {
        await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 1))])
        continue
      }
      if (this.#waiting.length === 0) break
      if (this.#random(3) === 0) await between()
      const [next] = this.#waiting.splice(this.#random(this.#waiting.length), 1)
      this.#running++
      const dies = this.#random(lives) === 0
      note(`${next!.name}${dies ? ' dies' : ''}`)
      if (dies) next!.die()
      else next!.go()
    }
    await over
    if (failures.length > 0) throw failures[0]
  }
}

/** All of it, and what everybody has asked for. */
class World {
  readonly db: SqlDatabase
  readonly clones: readonly [LinkedClone, LinkedClone]
  readonly wanted: Rows
  readonly notes: string[] = []
  readonly #random: Random
  #made = 100
  #removed = 0

  constructor(db: SqlDatabase, clones: readonly [LinkedClone, LinkedClone], wanted: Rows, random: Random) {
    this.db = db
    this.clones = clones
    this.wanted = wanted
    this.#random = random
  }

  /** Somebody changes a row that is with them as the last change left it, to what it is nowhere. */
  async change(who: 0 | 1 | 'user'): Promise<void> {
    const branches = await Promise.all(this.clones.map((one) => one.rows()))
    const there = await rowsOf(this.db)
    const [[id, n], all] = [this.#choice(who), [...branches, there]]
    const last = this.wanted.get(id)
    // Whoever works in a clone knows what the other one has: else they would clash by themselves.
    const seen = who === 'user' ? [there] : branches
    if (seen.some((rows) => rows.get(id) !== last)) return
    if (all.some((rows) => n === (rows.get(id) ?? null))) return
    this.notes.push(`${who} sets ${id} to ${n}`)
    if (who === 'user') await setRow(this.db, id, n)
    else await this.clones[who].set(id, n)
    if (n === null) this.wanted.delete(id)
    else this.wanted.set(id, n)
  }

  /**
   * Users go back and forth. A branch that does, in which a row is as it was when the other branched off, merges like one
   * that has not changed it: so branches make each value once, and remove a row once.
   */
  #choice(who: 0 | 1 | 'user'): [number, number | null] {
    const [isRemoved, id] = [this.#random(4) === 0, 1 + this.#random(8)]
    if (who === 'user')
      return this.#random(4) === 0 ? [20 + this.#removed, 0] : [id, isRemoved ? null : this.#random(3)]
    return isRemoved ? [20 + ++this.#removed, null] : [id, ++this.#made]
  }

  round(at: 0 | 1): (gate?: Gate) => Promise<unknown> {
    const [mine, other] = [this.clones[at], this.clones[1 - at]!]
    return async (gate) => {
      await mine.fetch(other, this.wanted)
      return mine.sync(gate)
    }
  }

  async quiet(): Promise<void> {
    for (let turn = 0; turn < 8; turn++) {
      const at = (turn % 2) as 0 | 1
      await this.clones[at].fetch(this.clones[1 - at]!, this.wanted)
      const { heldBack } = await this.clones[at].sync()
      this.notes.push(`quiet ${at}: ${JSON.stringify(heldBack)}`)
      if (turn > 5) expect(heldBack, this.notes.join('\n')).toEqual([])
    }
    const sides = await Promise.all([...this.clones.map((one) => one.rows()), rowsOf(this.db)])
    for (const rows of sides) expect(sorted(rows), this.notes.join('\n')).toEqual(sorted(this.wanted))
  }
}

function sorted(rows: Rows): [number, number][] {
  return [...rows].toSorted(([a], [b]) => a - b)
}

async function takeTurn(world: World, random: Random): Promise<void> {
  const what = random(6)
  if (what < 3) return world.change(([0, 1, 'user'] as const)[random(3)]!)
  const rounds = what < 5 ? [world.round(random(2) as 0 | 1)] : [world.round(0), world.round(1)]
  await new Schedule(random).run(rounds, {
    between: () => world.change('user'),
    lives: 8 * rounds.length,
    note: (step) => world.notes.push(step),
  })
}

const seeds = [1, 2, 3, 4]
const all = sqlSystems.flatMap((kind) =>
  ([undefined, 'log'] as const)
    .filter((changes) => changes === undefined || kind.name !== 'SQLite')
    .map(
      (changes) =>
        [`${kind.name}${changes === undefined ? '' : ' by its log'}${kind.without}`, kind, changes] as const,
    ),
)

describe.each(all)('%s', (_, kind, changes) => {
  let system: SqlSystem
  beforeAll(async () => {
    if (kind.without === '') system = await kind.start()
  }, 60_000)
  afterAll(() => system?.stop(), 60_000)

  test.skipIf(kind.without !== '').each(seeds)(
    'two clones whose rounds overlap and are killed lose nothing, and write nothing again that was taken back (seed %i)',
    async (seed) => {
      const random = randomOf(seed)
      const db = await system.database()
      const clones = await linkedClones(db, changes === undefined ? {} : { changes })
      const world = new World(db, clones, await rowsOf(db), random)
      for (let turn = 0; turn < 40; turn++) await takeTurn(world, random)
      await world.quiet()
    },
    120_000,
  )
})

// Which commit to test next to find the first bad one with the fewest tests: the one that halves what is left, counted
// by what each reaches, so that merges are no different from a line. Git's algorithm (Documentation/git-bisect-lk2009).
import { VarveError, throwIfAborted } from '../base/errors.ts'
import { type CommitCid, shortCid } from '../encoding/cid.ts'
import type { ObjectReader } from '../store/interface.ts'
import { isAncestor, mergeBases, walkCommits } from './ancestry.ts'

export interface Bisection {
  readonly bad: CommitCid
  /** At least one. */
  readonly good: readonly CommitCid[]
  /** Those that cannot be told. */
  readonly skipped: ReadonlySet<CommitCid>
  /** The first good commits were checked: everything is good where their line left that of the bad one. */
  readonly checked: boolean
}

export type BisectStep =
  /** `left`: commits that may still have to be looked at after it; `steps`: about so many more tests. */
  | {
      readonly kind: 'test'
      readonly commit: CommitCid
      readonly left: number
      readonly steps: number
      /** Where lines part, which has to be good: nothing is halved yet. */
      readonly isBase: boolean
    }
  | { readonly kind: 'found'; readonly commit: CommitCid }
  /** One of these is the first bad one; all but the last, which is known to be bad, were skipped. */
  | { readonly kind: 'untold'; readonly commits: readonly CommitCid[] }

export interface BisectOptions {
  /** Whether a commit may be the first bad one; default: each may. */
  readonly counts?: ((commit: CommitCid) => Promise<boolean>) | undefined
  readonly signal?: AbortSignal | undefined
}

/** @throws VarveError VARVE_NOT_POSSIBLE where good and bad do not stand to each other as they must */
export async function nextToTest(
  reader: ObjectReader,
  bisection: Bisection,
  options: BisectOptions = {},
): Promise<BisectStep> {
  const { bad, good, skipped } = bisection
  const base = bisection.checked ? null : await untestedBase(reader, bisection)
  if (base !== null) return { kind: 'test', commit: base, left: 0, steps: 0, isBase: true }
  const graph = new Reached()
  const walk = walkCommits(reader, [bad], { exclude: good, signal: options.signal })
  for await (const { cid, parents } of walk) graph.add(cid, parents)
  if (graph.commits.length === 0) throw turned(bad, good.at(-1)!)
  const commits = await graph.narrow(options)
  if (commits.length === 0) throw nothingLeft(bad)
  if (commits.length === 1 && commits[0] === bad) return { kind: 'found', commit: bad }
  const halves = graph.halves({ ...options, oneIsEnough: skipped.size === 0 })
  const told = halves.filter(({ commit }) => !skipped.has(commit) && commit !== bad)
  if (told.length === 0) return { kind: 'untold', commits: [...commits].reverse() }
  // Near a commit that cannot be told others often cannot either.
  const chosen = skipped.has(halves[0]!.commit) ? told[away(told.length, skipped.size)]! : told[0]!
  const { commit, reaches } = chosen
  return {
    kind: 'test',
    commit,
    left: Math.max(reaches, commits.length - reaches) - 1,
    steps: stepsFor(commits.length),
    isBase: false,
  }
}

/** A merge base of good and bad has to be good, or what is sought lies elsewhere. null: all are known to be. */
async function untestedBase(
  reader: ObjectReader,
  { bad, good, skipped }: Bisection,
): Promise<CommitCid | null> {
  for (const one of good) {
    if (await isAncestor(reader, one, bad)) {
      if (one !== bad) continue
      throw turned(bad, one)
    }
    for (const base of await mergeBases(reader, one, bad)) {
      if (base === bad) throw turned(bad, one)
      if (!good.includes(base) && !skipped.has(base)) return base
    }
  }
  return null
}

function turned(bad: CommitCid, good: CommitCid): VarveError {
  const message =
    bad === good
      ? `${shortCid(bad)} cannot be both good and bad`
      : `${shortCid(bad)} is bad, and ${shortCid(good)}, which descends from it, is good`
  return new VarveError('VARVE_NOT_POSSIBLE', message, {
    hint: 'bisecting finds what became bad: where it became good, call good bad and bad good',
  })
}

function nothingLeft(bad: CommitCid): VarveError {
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    `no commit that is left changed the paths, and ${shortCid(bad)} is bad`,
    {
      hint: "what is sought lies elsewhere, or paths were mistyped: 'varve bisect reset', then start without paths",
    },
  )
}

interface Half {
  readonly commit: CommitCid
  /** Commits left that it reaches and that count, itself included. */
  readonly reaches: number
}

/** The commits that may be the first bad one, children before their parents. */
class Reached {
  readonly commits: CommitCid[] = []
  readonly #parents: (readonly CommitCid[])[] = []
  #counted: readonly boolean[] = []

  add(commit: CommitCid, parents: readonly CommitCid[]): void {
    this.commits.push(commit)
    this.#parents.push(parents)
  }

  /** Leaves those of which one can be the first bad one; the others count for nothing, but lead to their parents. */
  async narrow({ counts, signal }: BisectOptions): Promise<CommitCid[]> {
    const counted: boolean[] = []
    for (const commit of this.commits) {
      throwIfAborted(signal)
      counted.push(counts === undefined || (await counts(commit)))
    }
    this.#counted = counted
    return this.commits.filter((_, place) => counted[place])
  }

  /** Best first: that which parts the rest most evenly. Where one is enough and none can be better, that alone. */
  halves({ signal, oneIsEnough }: { signal?: AbortSignal | undefined; oneIsEnough: boolean }): Half[] {
    const counted = this.#counted
    const all = counted.filter(Boolean).length
    const places = new Map(this.commits.map((commit, place) => [commit, place]))
    const parents = this.#parents.map((cids) =>
      cids.map((cid) => places.get(cid)).filter((place) => place !== undefined),
    )
    const weights = new Int32Array(this.commits.length)
    const seen = new Int32Array(this.commits.length).fill(-1)
    // Parents come last, and are counted first.
    for (let place = this.commits.length - 1; place >= 0; place--) {
      const above = parents[place]!
      const own = counted[place] === true ? 1 : 0
      if (above.length < 2) weights[place] = above.length === 0 ? own : weights[above[0]!]! + own
      else {
        throwIfAborted(signal)
        weights[place] = countReached(place, { parents, counted, seen })
      }
      const reaches = weights[place]!
      const isHalf = 2 * reaches === all || 2 * reaches === all + 1
      if (oneIsEnough && isHalf && own === 1) return [{ commit: this.commits[place]!, reaches }]
    }
    const worth = (place: number): number => Math.min(weights[place]!, all - weights[place]!)
    return [...weights.keys()]
      .filter((place) => counted[place])
      .sort((a, b) => worth(b) - worth(a) || a - b)
      .map((place) => ({ commit: this.commits[place]!, reaches: weights[place]! }))
  }
}

interface Counting {
  readonly parents: readonly (readonly number[])[]
  readonly counted: readonly boolean[]
  /** From which place each was seen last. */
  readonly seen: Int32Array
}

function countReached(from: number, { parents, counted, seen }: Counting): number {
  const open = [from]
  seen[from] = from
  let count = 0
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (counted[place] === true) count++
    for (const parent of parents[place]!) {
      if (seen[parent] === from) continue
      seen[parent] = from
      open.push(parent)
    }
  }
  return count
}

/** A place in a list of the best, the further off the more was skipped, the same for the same state. */
function away(length: number, skips: number): number {
  const fraction = ((skips * 1_103_515_245 + 12_345) % 32_768) / 32_768
  return Math.floor(length * fraction ** 1.5)
}

/** How many steps are left, estimated as Git does. */
function stepsFor(all: number): number {
  const whole = Math.floor(Math.log2(all))
  const over = all - 2 ** whole
  return 2 ** whole < 3 * over ? whole : Math.max(0, whole - 1)
}

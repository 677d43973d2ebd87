// The order of lists of branches and tags, by git's keys. Of several keys the last one counts most; what no key tells apart
// is in order of names.
import { VarveError } from '../base/errors.ts'
import type { Signature } from '../history/interface.ts'

export interface RefOrder {
  /** 'refname', 'version:refname', 'authordate', 'committerdate', 'creatordate', 'taggerdate'; '-…': downwards. */
  readonly sort?: readonly string[]
  /** Of letters in whatever case: patterns, and the order of names, but not of versions. */
  readonly ignoreCase?: boolean
}

/** What the object that a ref names says: a commit, or an annotated tag. */
export interface RefDetails<Id> {
  /** In full: 'refs/heads/main'. */
  readonly ref: string
  readonly object: Id
  readonly message: string
  readonly author: Signature | null
  readonly committer: Signature | null
  /** Of an annotated tag alone, which has no other two. */
  readonly tagger: Signature | null
}

type Sorted = Pick<RefDetails<unknown>, 'ref' | 'author' | 'committer' | 'tagger'>
type Comparison = (a: Sorted, b: Sorted) => number

const dates: Readonly<Record<string, (ref: Sorted) => Signature | null>> = {
  authordate: ({ author }) => author,
  committerdate: ({ committer }) => committer,
  taggerdate: ({ tagger }) => tagger,
  creatordate: ({ tagger, committer }) => tagger ?? committer,
}

/** Whether it needs more than names. @throws VarveError VARVE_USAGE for a key that is not known */
export function sortsByDate({ sort = [] }: RefOrder): boolean {
  return sort.map(keyOf).some(({ date }) => date !== undefined)
}

export function sortRefs<T extends Sorted>(refs: readonly T[], order: RefOrder): T[] {
  const { sort = [], ignoreCase = false } = order
  const name = ({ ref }: Sorted): string => (ignoreCase ? ref.toLowerCase() : ref)
  const byName: Comparison = (a, b) => compare(name(a), name(b)) || compare(a.ref, b.ref)
  const comparisons = sort
    .map((text): Comparison => {
      const { key, date, isDown } = keyOf(text)
      const ascending: Comparison =
        date !== undefined
          ? (a, b) => secondsOf(date(a)) - secondsOf(date(b))
          : key === 'refname'
            ? (a, b) => compare(name(a), name(b))
            : (a, b) => compareVersions(a.ref, b.ref)
      return isDown ? (a, b) => -ascending(a, b) : ascending
    })
    .reverse()
  return [...refs].sort((a, b) => {
    for (const comparison of comparisons) {
      const found = comparison(a, b)
      if (found !== 0) return found
    }
    return byName(a, b)
  })
}

function keyOf(text: string): {
  readonly key: string
  readonly date: ((ref: Sorted) => Signature | null) | undefined
  readonly isDown: boolean
} {
  const [, down, named] = /^(-?)(.*)$/s.exec(text)!
  const key = named!.replace(/^(?:v|version):refname$/, 'version:refname')
  const date = Object.hasOwn(dates, key) ? dates[key] : undefined
  if (date === undefined && key !== 'refname' && key !== 'version:refname') {
    throw new VarveError('VARVE_USAGE', `'${text}' is nothing to sort by`, {
      hint: `known: refname, version:refname, ${Object.keys(dates).join(', ')}; downwards with '-' before it`,
    })
  }
  return { key, date, isDown: down === '-' }
}

/** A signature's time in seconds, as precise as Git's. */
function secondsOf(signature: Signature | null): number {
  return signature === null ? 0 : Math.floor(signature.timeMs / 1000)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Compares runs of digits as numbers: v1.9 comes before v1.10. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.match(/\d+|\D+/g) ?? [])
  for (const [i, part] of left!.entries()) {
    const other = right![i]
    if (other === undefined) return 1
    const isNumber = /^\d/.test(part) && /^\d/.test(other)
    const found = isNumber ? compareNumbers(part, other) : compare(part, other)
    if (found !== 0) return found
  }
  return left!.length - right!.length
}

/** Of whatever length. As in git, what begins with a zero is a fraction: 1.09 before 1.8. */
function compareNumbers(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.length > 1 && text.startsWith('0'))
  if (left === true || right === true) return left === right ? compare(a, b) : left === true ? -1 : 1
  return a.length - b.length || compare(a, b)
}

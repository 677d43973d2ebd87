// Properties try new cases in every run, and print the seed of one that fails. Where a change is judged (CI is set) they
// try the same cases each time, so that its verdict is about the change.
import fc from 'fast-check'

const judged = 20_261_123

if (process.env['CI'] !== undefined) fc.configureGlobal({ seed: judged })

/** How many cases to try at most: where a change is judged, a faster machine tries no others than a slower one. */
export function casesMax(whenJudged: number): number {
  const isJudged = process.env['CI'] !== undefined && process.env['VARVE_TEST_SECONDS'] === undefined
  return isJudged ? whenJudged : Infinity
}

/** A seed for cases that are not fast-check's: the one that was asked for, else by the same rule. */
export function seedOf(asked: string | undefined): number {
  if (asked !== undefined) return Number(asked)
  return process.env['CI'] === undefined ? Math.floor(Math.random() * 1e6) : judged
}

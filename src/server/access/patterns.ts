// Patterns of names, as tokens and protections have them: names with '*' for any characters, several separated by
// commas. 'none' matches nothing.
import { VarveError } from '../../base/errors.ts'
import type { Schema } from '../interface.ts'

const patternLengthMax = 1000
/** A comma only separates: were it a part of a name too, there were too many ways to read a pattern of commas. */
const spelling = '^[^\\s"\'\\\\,]+(\\s*,\\s*[^\\s"\'\\\\,]+)*$'
const isPattern = new RegExp(spelling)

export const patternSchema: Schema = { type: 'string', maxLength: patternLengthMax, pattern: spelling }

export function matchesPattern(pattern: string, name: string): boolean {
  if (pattern === 'none') return false
  return pattern.split(',').some((one) => matchesOne(one.trim(), name))
}

/** @throws VarveError VARVE_USAGE */
export function checkPattern(pattern: string, what: string): string {
  const isFit = pattern.length <= patternLengthMax && isPattern.test(pattern)
  if (isFit) return pattern
  throw new VarveError('VARVE_USAGE', `not a pattern for ${what}: ${JSON.stringify(pattern.slice(0, 100))}`, {
    hint: "write names with '*' for any characters, several separated by commas",
  })
}

/** Matches with one step back at most, so its time stays linear whatever the pattern. */
function matchesOne(pattern: string, name: string): boolean {
  let [p, n, star, mark] = [0, 0, -1, 0]
  while (n < name.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++
      mark = n
    } else if (p < pattern.length && pattern[p] === name[n]) {
      p++
      n++
    } else if (star >= 0) {
      p = star + 1
      n = ++mark
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

// Regular expressions that come from outside, with the data or from a user. RE2's automata run them: time grows with the
// text, whatever the pattern is, where a backtracking engine can be kept busy for years by thirty characters.
import { VarveError } from './errors.ts'

export interface Pattern {
  /** Whether it matches all of the text. */
  readonly matchesWhole: (text: string) => boolean
  /** Whether it matches somewhere in the text. */
  readonly isIn: (text: string) => boolean
  /** How often it matches, one match after the other. */
  readonly countIn: (text: string) => number
}

export const patternHint = "patterns are written in RE2's syntax: without look-around and back-references"

/** @throws VarveError VARVE_USAGE, or what `fault` makes of the reason, when the text is no pattern */
export async function compilePattern(
  text: string,
  fault: (why: string, cause: unknown) => VarveError = noPattern(text),
): Promise<Pattern> {
  const { RE2JS } = await import('re2js')
  try {
    const compiled = RE2JS.compile(text)
    return {
      matchesWhole: (whole) => compiled.testExact(whole),
      isIn: (whole) => compiled.test(whole),
      countIn(whole) {
        if (!compiled.test(whole)) return 0
        const matcher = compiled.matcher(whole)
        let count = 0
        while (matcher.find()) count++
        return count
      },
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0]! : String(cause)
    throw fault(why.replace(/^error parsing regexp: /, ''), cause)
  }
}

function noPattern(text: string): (why: string, cause: unknown) => VarveError {
  return (why, cause) =>
    new VarveError('VARVE_USAGE', `'${text}' is not a pattern: ${why}`, { hint: patternHint, cause })
}

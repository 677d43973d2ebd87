// A set in a pattern of names: '[abc]', '[a-z]', '[!a]' or '[^a]', '[[:digit:]]'.

export type LetterTest = (letter: string) => boolean

const classes: Readonly<Record<string, RegExp>> = {
  alnum: /^[\p{L}\p{N}]$/u,
  alpha: /^\p{L}$/u,
  blank: /^[ \t]$/,
  cntrl: /^\p{Cc}$/u,
  digit: /^[0-9]$/,
  graph: /^[^\s\p{Cc}]$/u,
  lower: /^\p{Ll}$/u,
  print: /^[^\p{Cc}]$/u,
  punct: /^[\p{P}\p{S}]$/u,
  space: /^\s$/,
  upper: /^\p{Lu}$/u,
  xdigit: /^[0-9A-Fa-f]$/,
}

/**
 * The set that begins at `from`, and where it ends; `casesOf`: letters that count as one with a letter. A ']' right behind
 * the beginning belongs to the set. null: it has no end, or a class that is not known.
 */
export function readSet(
  letters: readonly string[],
  from: number,
  casesOf: (letter: string) => readonly string[],
): { readonly has: LetterTest; readonly end: number } | null {
  const isNot = letters[from + 1] === '!' || letters[from + 1] === '^'
  const first = isNot ? from + 2 : from + 1
  const tests: LetterTest[] = []
  for (let at = first; at < letters.length; at++) {
    if (letters[at] === ']' && at > first)
      return {
        has: (letter) => casesOf(letter).some((one) => tests.some((test) => test(one))) !== isNot,
        end: at,
      }
    const end = letters[at] === '[' && letters[at + 1] === ':' ? letters.indexOf(']', at) : -1
    if (end > at + 2 && letters[end - 1] === ':') {
      const known = classes[letters.slice(at + 2, end - 1).join('')]
      if (known === undefined) return null
      tests.push((letter) => known.test(letter))
      at = end
      continue
    }
    if (letters[at] === '\\') at++
    const low = letters[at]
    let high = low
    if (letters[at + 1] === '-' && letters[at + 2] !== ']' && at + 2 < letters.length) {
      at += letters[at + 2] === '\\' ? 3 : 2
      high = letters[at]
    }
    if (low === undefined || high === undefined) return null
    tests.push((letter) => low <= letter && letter <= high)
  }
  return null
}

// Patterns of names as git has them for branches and tags: '*' any characters ('/' too), '?' one (git: one byte),
// '[a-z]' and '[!a]' one of a set, '\' takes the next character as it is. Without any of these a name matches itself
// alone. Backtracking goes to the last '*' only, so that no pattern takes more than length times length.

export function matchesWildcard(pattern: string, name: string): boolean {
  const parts = partsOf(pattern)
  const letters = Array.from(name)
  let [at, part] = [0, 0]
  let [star, starAt] = [-1, 0]
  while (at < letters.length) {
    const next = parts[part]
    if (next === 'any') {
      star = part++
      starAt = at
    } else if (next?.(letters[at]!) === true) {
      at++
      part++
    } else if (star >= 0) {
      part = star + 1
      at = ++starAt
    } else return false
  }
  while (parts[part] === 'any') part++
  return part === parts.length
}

type Part = 'any' | ((letter: string) => boolean)

function partsOf(pattern: string): Part[] {
  const letters = Array.from(pattern)
  const parts: Part[] = []
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at]!
    const end = letter === '[' ? endOfSet(letters, at) : -1
    if (letter === '*') parts.push('any')
    else if (letter === '?') parts.push(() => true)
    else if (end > 0) {
      parts.push(setOf(letters.slice(at + 1, end)))
      at = end
    } else {
      const plain = letter === '\\' && at + 1 < letters.length ? letters[++at]! : letter
      parts.push((other) => other === plain)
    }
  }
  return parts
}

/** -1: the bracket is one. A ']' right behind the beginning belongs to the set. */
function endOfSet(letters: readonly string[], at: number): number {
  const first = letters[at + 1] === '!' || letters[at + 1] === '^' ? at + 3 : at + 2
  return letters.indexOf(']', first)
}

function setOf(letters: readonly string[]): (letter: string) => boolean {
  const isNot = letters[0] === '!' || letters[0] === '^'
  const ranges: [string, string][] = []
  for (let at = isNot ? 1 : 0; at < letters.length; at++) {
    const from = letters[at]!
    const isRange = letters[at + 1] === '-' && at + 2 < letters.length
    ranges.push([from, isRange ? letters[at + 2]! : from])
    if (isRange) at += 2
  }
  return (letter) => ranges.some(([from, to]) => from <= letter && letter <= to) !== isNot
}

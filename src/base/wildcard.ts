// Patterns of names as git has them (wildmatch): '*' any characters, '?' one (git: one byte), '[a-z]', '[!a]' and
// '[[:digit:]]' one of a set, '\' takes the next character as it is. Without any of these a name matches itself alone.
// '*' goes over '/' unless `slash` says that only '**' does. Backtracking goes to the last '**' and the last '*' behind it
// only, so that no pattern takes long.
import { type LetterTest, readSet } from './wildcard-set.ts'

export interface WildcardOptions {
  /** Names are paths: '*', '?' and sets stop at '/'; '**' between two of these stands for any number of folders. */
  readonly slash?: 'stops'
  readonly ignoreCase?: boolean
}

export function matchesWildcard(pattern: string, name: string, options: WildcardOptions = {}): boolean {
  return wildcard(pattern, options)(name)
}

/** How much of a pattern is plain characters, from its beginning. */
export function plainLength(pattern: string): number {
  const at = pattern.search(/[*?[\\]/)
  return at === -1 ? pattern.length : at
}

/** Whether a name matches: for many names. */
export function wildcard(pattern: string, options: WildcardOptions = {}): (name: string) => boolean {
  const parts = partsOf(pattern, options)
  if (parts === null) return () => false
  const [head, tail] =
    options.ignoreCase === true ? ['', ''] : [pattern.slice(0, plainLength(pattern)), tailOf(pattern)]
  return (name) => name.startsWith(head) && name.endsWith(tail) && matches(parts, Array.from(name))
}

/** 'any': any characters; 'in folder': those but '/'; 'folders': nothing, or any that end with '/'. */
type Part = 'any' | 'in folder' | 'folders' | LetterTest

function matches(parts: readonly Part[], letters: readonly string[]): boolean {
  let [at, part] = [0, 0]
  let [far, farAt] = [-1, 0]
  let [near, nearAt] = [-1, 0]
  for (;;) {
    const next = parts[part]
    if (next === undefined && at === letters.length) return true
    if (next === 'any' || next === 'folders') {
      far = part++
      farAt = at
      near = -1
    } else if (next === 'in folder') {
      near = part++
      nearAt = at
    } else if (at < letters.length && next?.(letters[at]!) === true) {
      at++
      part++
    } else if (near !== -1 && nearAt < letters.length && letters[nearAt] !== '/') {
      part = near + 1
      at = ++nearAt
    } else if (far !== -1 && farAt < letters.length) {
      farAt = parts[far] === 'any' ? farAt + 1 : letters.indexOf('/', farAt) + 1
      if (farAt === 0) return false
      part = far + 1
      at = farAt
      near = -1
    } else return false
  }
}

/** null: it matches nothing. */
function partsOf(pattern: string, { slash, ignoreCase }: WildcardOptions): Part[] | null {
  const letters = Array.from(pattern)
  const parts: Part[] = []
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at]!
    if (letter === '*') {
      const first = at
      while (letters[at + 1] === '*') at++
      const isWhole = at > first && (first === 0 || letters[first - 1] === '/')
      if (slash === undefined || (isWhole && at + 1 === letters.length)) parts.push('any')
      else if (isWhole && letters[at + 1] === '/') {
        parts.push('folders')
        at++
      } else parts.push('in folder')
    } else if (letter === '?') parts.push(slash === 'stops' ? (one) => one !== '/' : () => true)
    else if (letter === '[') {
      const set = readSet(letters, at, ignoreCase === true ? casesOf : asItIs)
      if (set === null) return null
      parts.push(slash === 'stops' ? (one) => one !== '/' && set.has(one) : set.has)
      at = set.end
    } else {
      const plain = letter === '\\' && at + 1 < letters.length ? letters[++at]! : letter
      const isPlain: LetterTest = (one) => one === plain
      parts.push(ignoreCase === true ? (one) => casesOf(one).some(isPlain) : isPlain)
    }
  }
  return parts
}

/** Plain characters that each name ends with. */
function tailOf(pattern: string): string {
  return /[^*?[\]\\/]*$/.exec(pattern)![0]
}

function asItIs(letter: string): string[] {
  return [letter]
}

function casesOf(letter: string): string[] {
  return [letter, letter.toLowerCase(), letter.toUpperCase()]
}

// Patterns as grep and Git write them, in RE2's syntax, so that none of them can be slow. `^` and `$` are those of a
// line, back-references are refused, and `\<` and `\>` stand for any edge of a word.
import { VarveError } from './errors.ts'

export type PatternSyntax = 'basic' | 'extended' | 'perl' | 'fixed'

/** @throws VarveError VARVE_USAGE for what no automaton can look for */
export function asRe2(text: string, syntax: PatternSyntax): string {
  if (syntax === 'perl') return text
  if (syntax === 'fixed') return quoted(text)
  return new Posix(text, syntax === 'extended').all()
}

function quoted(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`)
}

/** What a backslash makes of a letter, in both syntaxes. */
const escapes: Readonly<Record<string, string>> = {
  w: String.raw`[\p{L}\p{N}_]`,
  W: String.raw`[^\p{L}\p{N}_]`,
  s: String.raw`\s`,
  S: String.raw`\S`,
  b: String.raw`\b`,
  B: String.raw`\B`,
  '<': String.raw`\b`,
  '>': String.raw`\b`,
  '`': '^',
  "'": '$',
}

/** RE2's are of ASCII. */
const classes: Readonly<Record<string, string>> = {
  '[:alpha:]': String.raw`\p{L}`,
  '[:alnum:]': String.raw`\p{L}\p{N}`,
  '[:upper:]': String.raw`\p{Lu}`,
  '[:lower:]': String.raw`\p{Ll}`,
}

class Posix {
  readonly #text: string
  readonly #isExtended: boolean
  #at = 0
  #out = ''
  /** Where the last atom begins in what is written; null where a `*` has nothing to repeat. */
  #atom: number | null = null
  readonly #groups: number[] = []

  constructor(text: string, isExtended: boolean) {
    this.#text = text
    this.#isExtended = isExtended
  }

  all(): string {
    while (this.#at < this.#text.length) this.#one()
    return this.#out
  }

  #one(): void {
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at)!)
    this.#at += char.length
    if (char === '[') return this.#write(this.#bracket())
    if (char === '.') return this.#write('.')
    if (char === '^' && (this.#isExtended || this.#atom === null)) return this.#between('^')
    if (char === '$' && (this.#isExtended || this.#isEnd())) return this.#between('$')
    if (char === '*') return this.#repeat('*')
    if (char === '\\') return this.#escaped()
    if (this.#isExtended && '(){}|+?'.includes(char)) return this.#operator(char)
    this.#write(quoted(char))
  }

  #escaped(): void {
    if (this.#at === this.#text.length) throw this.#fault('it ends with a backslash')
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at)!)
    this.#at += char.length
    if (/[1-9]/.test(char)) throw this.#fault(String.raw`it refers back to a group by '\${char}'`)
    if (!this.#isExtended && '(){}|+?'.includes(char)) return this.#operator(char)
    this.#write(escapes[char] ?? quoted(char))
  }

  #operator(char: string): void {
    if (char === '(') {
      this.#groups.push(this.#out.length)
      this.#out += '(?:'
      this.#atom = null
    } else if (char === ')') {
      const start = this.#groups.pop()
      if (start === undefined) return this.#write(this.#isExtended ? String.raw`\)` : ')')
      this.#out += ')'
      this.#atom = start
    } else if (char === '|') {
      this.#out += '|'
      this.#atom = null
    } else if (char === '{') this.#counted()
    else if (char === '}') this.#write(String.raw`\}`)
    else this.#repeat(char)
  }

  #counted(): void {
    const found = /^(\d*)(,?)(\d*)(\\?)\}/.exec(this.#text.slice(this.#at))
    const [whole, from = '', comma, to = '', escape] = found ?? []
    const isCount = found !== null && (from !== '' || comma !== '') && (escape === '\\') === !this.#isExtended
    if (!isCount) return this.#write(String.raw`\{`)
    this.#at += whole!.length
    this.#repeat(`{${from === '' ? '0' : from}${comma}${to}}`)
  }

  /** What is repeated already is repeated as a group, which RE2 asks for. */
  #repeat(how: string): void {
    if (this.#atom === null && this.#isExtended) return
    if (this.#atom === null) return this.#write(quoted(how))
    this.#out = `${this.#out.slice(0, this.#atom)}(?:${this.#out.slice(this.#atom)})${how}`
  }

  #write(atom: string): void {
    this.#atom = this.#out.length
    this.#out += atom
  }

  #between(anchor: string): void {
    this.#out += anchor
    this.#atom = null
  }

  /** Whether a '$' of a basic pattern stands for the end. */
  #isEnd(): boolean {
    const rest = this.#text.slice(this.#at)
    return rest === '' || rest.startsWith(String.raw`\)`) || rest.startsWith(String.raw`\|`)
  }

  #bracket(): string {
    const found = /^(\^?)(\]?(?:\[([.:=])(?:(?!\3\]).)*\3\]|[^\]])*)\]/s.exec(this.#text.slice(this.#at))
    if (found === null) throw this.#fault("a '[' has no ']'")
    this.#at += found[0].length
    const inside = found[2]!.replaceAll(
      /\[:\w+:\]|\[([.=])(.*?)\1\]|[\\[\]^]/gs,
      (one, _kind, char?: string) => (one.startsWith('[:') ? (classes[one] ?? one) : quoted(char ?? one)),
    )
    return `[${found[1]}${inside}]`
  }

  #fault(why: string): VarveError {
    return new VarveError('VARVE_USAGE', `'${this.#text}' is not a pattern: ${why}`, {
      hint: '-F looks for the text as it stands',
    })
  }
}

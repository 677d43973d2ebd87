// A command's arguments as the command asks for them: flags, texts, lists, numbers and words, each by the name that
// its option table declares. parse-arguments.ts fills it.
import { assert } from '../base/assert.ts'
import { VarveError } from '../base/errors.ts'
import { commonOptions } from './common-options.ts'
import type { OptionSpecs } from './interface.ts'

/** An option where it stands: what it means may depend on what stands before it. */
export interface Occurrence {
  readonly name: string
  /** '' where it has none. */
  readonly value: string
  /** How many words stand before it. */
  readonly wordsBefore: number
}

interface Placed {
  readonly before: number
  readonly literalPaths?: boolean | undefined
  readonly occurrences?: readonly Occurrence[]
}

export class Arguments {
  /** Words that are no options, those after '--' included. */
  readonly words: readonly string[]
  /** How many of `words` stood before '--'. */
  readonly wordsBeforeDashes: number
  /** No word is a pattern or has marks: paths are read as they stand. */
  readonly literalPaths: boolean
  /** Options in the order in which they were typed. */
  readonly occurrences: readonly Occurrence[]
  readonly #specs: OptionSpecs
  readonly #values: ReadonlyMap<string, readonly string[]>

  constructor(
    specs: OptionSpecs,
    values: ReadonlyMap<string, readonly string[]>,
    words: readonly string[],
    { before, literalPaths = false, occurrences = [] }: Placed,
  ) {
    this.#specs = specs
    this.#values = values
    this.words = words
    this.wordsBeforeDashes = before
    this.literalPaths = literalPaths
    this.occurrences = occurrences
  }

  flag(name: string): boolean {
    assert(this.#specs[name]?.type === 'flag', `'${name}' is declared as a flag`)
    return this.#values.has(name)
  }

  has(name: string): boolean {
    assert(this.#specs[name] !== undefined, `'${name}' is declared`)
    return this.#values.has(name)
  }

  text(name: string): string | undefined {
    assert(this.#specs[name]?.type === 'text', `'${name}' is declared with a value`)
    return this.#values.get(name)?.at(-1)
  }

  isList(name: string): boolean {
    return this.#specs[name]?.type === 'list'
  }

  list(name: string): readonly string[] {
    assert(this.#specs[name]?.type === 'list', `'${name}' is declared as a list`)
    return this.#values.get(name) ?? []
  }

  /** The values that were given with it, '' where none was; undefined where it is not there at all. */
  optional(name: string): readonly string[] | undefined {
    assert(this.#specs[name]?.type === 'optional', `'${name}' is declared with a value that may be left out`)
    return this.#values.get(name)
  }

  /** The option's value, a whole number of at least 0. */
  number(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (!/^\d{1,15}$/.test(text)) throw usage(`'--${name}' needs a whole number, not '${text}'`)
    return Number(text)
  }

  /** Throws when there are fewer or more words than the usage line names. */
  expectWords(min: number, max: number, names: string): void {
    if (this.words.length < min) throw usage(`missing argument: ${names}`)
    if (this.words.length > max) throw usage(`unexpected argument '${this.words[max]}'`)
  }

  /** Beside those of every command: what one form of a command says nothing about would be ignored without a word. */
  only(form: string, names: readonly string[]): void {
    const other = [...this.#values.keys()].find((name) => !names.includes(name) && !(name in commonOptions))
    if (other !== undefined) throw usage(`'--${other}' is not an option of '${form}'`)
  }

  /** Refuses more than one of these flags. */
  exclusive(...names: string[]): void {
    const given = names.filter((name) => this.#values.has(name))
    if (given.length > 1) throw usage(`'--${given[0]}' and '--${given[1]}' exclude each other`)
  }
}

export function usage(message: string, hint?: string): VarveError {
  return new VarveError('VARVE_USAGE', message, hint === undefined ? {} : { hint })
}

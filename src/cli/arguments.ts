// A command's arguments, read by Node's own parser against the command's option table. What the table does not name
// is a usage error with the nearest name as its hint; a value may begin with '-', as in `-m "- one"`.
import { parseArgs } from 'node:util'
import { assert } from '../base/assert.ts'
import { VarveError } from '../base/errors.ts'
import type { OptionSpec, OptionSpecs } from './interface.ts'
import { nearest } from './nearest.ts'

export class Arguments {
  /** Words that are no options, those after '--' included. */
  readonly words: readonly string[]
  /** How many of `words` stood before '--'. */
  readonly wordsBeforeDashes: number
  readonly #specs: OptionSpecs
  readonly #values: ReadonlyMap<string, readonly string[]>

  constructor(
    specs: OptionSpecs,
    values: ReadonlyMap<string, readonly string[]>,
    words: readonly string[],
    before: number,
  ) {
    this.#specs = specs
    this.#values = values
    this.words = words
    this.wordsBeforeDashes = before
  }

  flag(name: string): boolean {
    assert(this.#specs[name]?.type === 'flag', `'${name}' is declared as a flag`)
    return this.#values.has(name)
  }

  text(name: string): string | undefined {
    assert(this.#specs[name]?.type === 'text', `'${name}' is declared with a value`)
    return this.#values.get(name)?.at(-1)
  }

  list(name: string): readonly string[] {
    assert(this.#specs[name]?.type === 'list', `'${name}' is declared as a list`)
    return this.#values.get(name) ?? []
  }

  /** A whole number of at least 0. */
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

  /** At most one of these flags. */
  exclusive(...names: string[]): void {
    const given = names.filter((name) => this.#values.has(name))
    if (given.length > 1) throw usage(`'--${given[0]}' and '--${given[1]}' exclude each other`)
  }
}

export function usage(message: string, hint?: string): VarveError {
  return new VarveError('VARVE_USAGE', message, hint === undefined ? {} : { hint })
}

export function parseArguments(
  argv: readonly string[],
  specs: OptionSpecs,
  options: { numberOption?: string | undefined } = {},
): Arguments {
  const { tokens } = parseArgs({
    args: withNumbers(argv, options.numberOption),
    options: parserOptions(specs),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const values = new Map<string, string[]>()
  const words: string[] = []
  let before: number | null = null
  for (const token of tokens) {
    if (token.kind === 'option-terminator') before = words.length
    else if (token.kind === 'positional') words.push(token.value)
    else {
      const [name, spec] = declared(specs, token.name, token.rawName)
      const list = values.get(name) ?? []
      list.push(checkedValue(spec, token.rawName, token.value))
      values.set(name, list)
    }
  }
  return new Arguments(specs, values, words, before ?? words.length)
}

function parserOptions(specs: OptionSpecs): Record<string, { type: 'boolean' | 'string'; short?: string }> {
  const options: Record<string, { type: 'boolean' | 'string'; short?: string }> = {}
  for (const [name, spec] of Object.entries(specs)) {
    const type = spec.type === 'flag' ? 'boolean' : 'string'
    options[name] = spec.short === undefined ? { type } : { type, short: spec.short }
    for (const alias of spec.aliases ?? []) options[alias] = { type }
  }
  return options
}

function declared(specs: OptionSpecs, given: string, raw: string): readonly [string, OptionSpec] {
  for (const [name, spec] of Object.entries(specs)) {
    if (name === given || spec.aliases?.includes(given)) return [name, spec]
  }
  const near = raw.startsWith('--') ? nearest(given, Object.keys(specs)) : null
  throw usage(`unknown option '${raw}'`, near === null ? undefined : `did you mean '--${near}'?`)
}

function checkedValue(spec: OptionSpec, raw: string, value: string | undefined): string {
  if (spec.type === 'flag') {
    if (value !== undefined) throw usage(`option '${raw}' takes no value`)
    return ''
  }
  if (value === undefined) throw usage(`option '${raw}' needs a value`)
  return value
}

/** `-5` becomes `--limit=5`, as people type it for log. */
function withNumbers(argv: readonly string[], numberOption: string | undefined): string[] {
  if (numberOption === undefined) return [...argv]
  const end = argv.indexOf('--')
  return argv.map((word, i) =>
    (end === -1 || i < end) && /^-\d+$/.test(word) ? `--${numberOption}=${word.slice(1)}` : word,
  )
}

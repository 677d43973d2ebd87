// Words to Arguments: a yargs parser is made from the command's option table. What the table does not name is a usage
// error with the nearest name as its hint; a value may begin with '-', as in `-m "- one"`. yargs guesses nothing here:
// no numbers, no camel case, no negation, no locale, and it never prints or ends the process.
import yargs from 'yargs'
import { Arguments, type Occurrence, usage } from './arguments.ts'
import type { OptionSpec, OptionSpecs } from './interface.ts'
import { nearest } from '../base/nearest.ts'

export interface ParseOptions {
  /** The option that `-5` stands for. */
  readonly numberOption?: string | undefined
  /** All behind this word, where it is the first, are words. */
  readonly verbatimAfter?: string | undefined
  readonly literalPaths?: boolean | undefined
}

export function parseArguments(
  argv: readonly string[],
  specs: OptionSpecs,
  options: ParseOptions = {},
): Arguments {
  const { literalPaths } = options
  if (argv.length === 0) return new Arguments(specs, new Map(), [], { before: 0, literalPaths })
  const written = [...oneOptionAWord(verbatim(argv, options), specs, options.numberOption)]
  const given = parserOf(specs).parseSync(written)
  const values = new Map<string, readonly string[]>()
  for (const [name, spec] of Object.entries(specs)) {
    const value = given[name]
    if (value !== undefined) values.set(name, spec.type === 'flag' ? [] : [value as string | string[]].flat())
  }
  const before = given._ as string[]
  const after = (given['--'] ?? []) as string[]
  const occurrences = occurrencesIn(written, specs)
  return new Arguments(specs, values, [...before, ...after], {
    before: before.length,
    literalPaths,
    occurrences,
  })
}

/** Of options that have no short or other name: theirs is the only order that means anything. */
function occurrencesIn(written: readonly string[], specs: OptionSpecs): Occurrence[] {
  const declared = declaredOptions(specs)
  const found: Occurrence[] = []
  let wordsBefore = 0
  for (let i = 0; i < written.length && written[i] !== '--'; i++) {
    const word = written[i]!
    if (!word.startsWith('-') || word.length === 1) {
      wordsBefore++
      continue
    }
    const [option = '', ...value] = word.split('=')
    if (option.startsWith('--')) found.push({ name: option.slice(2), value: value.join('='), wordsBefore })
    if (value.length === 0 && declared.get(option)?.type !== 'flag') i++
  }
  return found
}

/** How many words at the beginning are options and their values. What is no option is left for the parser to refuse. */
export function countLeading(argv: readonly string[], specs: OptionSpecs): number {
  const declared = declaredOptions(specs)
  let count = 0
  while (argv[count]?.startsWith('-') === true) count += takesNext(argv[count]!, declared) ? 2 : 1
  return Math.min(count, argv.length)
}

/** Whether the value of the word's last option is the next word. */
function takesNext(word: string, declared: ReadonlyMap<string, OptionSpec>): boolean {
  const hasValue = (option: string): boolean => ['text', 'list'].includes(declared.get(option)?.type ?? '')
  if (word.startsWith('--')) return hasValue(word)
  let at = 1
  while (at < word.length && !hasValue(`-${word[at]}`)) at++
  return at === word.length - 1
}

function verbatim(argv: readonly string[], { verbatimAfter }: ParseOptions): readonly string[] {
  const at = argv.findIndex((word) => !word.startsWith('-')) + 1
  if (at === 0 || argv[at - 1] !== verbatimAfter) return argv
  return argv[at] === '--' ? argv : [...argv.slice(0, at), '--', ...argv.slice(at)]
}

/** As yargs-parser names its settings. */
const plain = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'nargs-eats-options': true,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'populate--': true,
  'strip-aliased': true,
}

/** The parser's messages with the option's name in them, and our own words for each. */
const wording: readonly (readonly [RegExp, string])[] = [
  [/^Not enough arguments following: (.+)$/, 'needs a value'],
  [/^Argument unexpected for: (.+)$/, 'takes no value'],
]

function parserOf(specs: OptionSpecs): ReturnType<typeof yargs> {
  const parser = yargs()
    .exitProcess(false)
    .help(false)
    .version(false)
    .detectLocale(false)
    .parserConfiguration(plain)
    .fail((message: string, error: Error | undefined) => fail(message, error))
  for (const [name, { type, short, aliases = [] }] of Object.entries(specs)) {
    const alias = short === undefined ? [...aliases] : [short, ...aliases]
    // A flag takes nothing, else a file called 'true' would be its value.
    parser.option(
      name,
      type === 'flag' ? { boolean: true, nargs: 0, alias } : { string: true, nargs: 1, alias },
    )
  }
  return parser
}

function fail(message: string, error: Error | undefined): never {
  if (error !== undefined && error.name !== 'YError') throw error
  for (const [theirs, ours] of wording) {
    const name = theirs.exec(message)?.[1]
    if (name !== undefined) throw usage(`option '${name.length === 1 ? '-' : '--'}${name}' ${ours}`)
  }
  throw usage(message)
}

/**
 * Each option as a word of its own, its value in the next one: `-amfix` is `-a -m fix` as in Git, where yargs would
 * see five flags. Undeclared names end here: some of them (`--_`, `--constructor`) mean something to yargs.
 */
function* oneOptionAWord(
  argv: readonly string[],
  specs: OptionSpecs,
  numberOption: string | undefined,
): Generator<string> {
  const declared = declaredOptions(specs)
  const specOf = (option: string): OptionSpec => {
    const spec = declared.get(option)
    if (spec === undefined) throw unknownOption(option, specs)
    return spec
  }
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!
    if (word === '--') return yield* argv.slice(i)
    let valueFollows = false
    if (numberOption !== undefined && /^-\d+$/.test(word)) yield `--${numberOption}=${word.slice(1)}`
    else if (word.startsWith('--')) {
      const equals = word.indexOf('=', 3)
      const { type, nextWord } = specOf(equals === -1 ? word : word.slice(0, equals))
      const isNext = nextWord === true && argv[i + 1]?.startsWith('-') === false
      const isBare = equals === -1 && type !== 'flag'
      valueFollows = isBare && (type !== 'optional' || isNext)
      yield isBare && !valueFollows ? `${word}=` : word
    } else if (word.length > 1 && word.startsWith('-')) valueFollows = yield* letters(word, specOf)
    else yield word
    if (valueFollows && i + 1 < argv.length) yield argv[++i]!
  }
}

/** Gives the options of joined letters, '-am'; returns whether the value of the last is the next word. */
function* letters(word: string, specOf: (option: string) => OptionSpec): Generator<string, boolean> {
  for (let at = 1; at < word.length; at++) {
    const option = `-${word[at]}`
    const { type } = specOf(option)
    const value = type === 'flag' ? null : word.slice(at + 1)
    yield option
    if (value === '' && type !== 'optional') return true
    if (value === null) continue
    yield value
    return false
  }
  return false
}

function declaredOptions(specs: OptionSpecs): Map<string, OptionSpec> {
  const declared = new Map<string, OptionSpec>()
  for (const [name, spec] of Object.entries(specs)) {
    for (const long of [name, ...(spec.aliases ?? [])]) declared.set(`--${long}`, spec)
    if (spec.short !== undefined) declared.set(`-${spec.short}`, spec)
  }
  return declared
}

function unknownOption(option: string, specs: OptionSpecs): Error {
  const near = option.startsWith('--') ? nearest(option.slice(2), Object.keys(specs)) : null
  return usage(`unknown option '${option}'`, near === null ? undefined : `did you mean '--${near}'?`)
}

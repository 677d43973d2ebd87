// The log of a bisection, `varve bisect log` or `git bisect log`, read as what was said in it.
import type { BisectTerms, Verdict } from '../api/bisect.ts'
import { VarveError } from '../base/errors.ts'

export interface Replay {
  readonly said: readonly { readonly verdict: Verdict; readonly revision: string }[]
  /** As typed after '--'. */
  readonly paths: readonly string[]
  readonly terms?: Partial<BisectTerms>
}

const usual: readonly (readonly [string, Verdict])[] = [
  ['good', 'good'],
  ['old', 'good'],
  ['bad', 'bad'],
  ['new', 'bad'],
  ['skip', 'skip'],
]

/** Which of the two an option of 'start' names. */
const termOptions: ReadonlyMap<string, keyof BisectTerms> = new Map([
  ['--term-good', 'good'],
  ['--term-old', 'good'],
  ['--term-bad', 'bad'],
  ['--term-new', 'bad'],
])

/** @throws VarveError VARVE_USAGE with the line that is no such command */
export function readReplay(text: string): Replay {
  const said: { verdict: Verdict; revision: string }[] = []
  let paths: readonly string[] = []
  let terms: Partial<BisectTerms> = {}
  const verdicts = new Map(usual)
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const command = /^\s*(?:varve|git)[ -]bisect\s+(\S+)(.*)$/.exec(line)
    const words = command === null ? [] : shellWords(command[2]!)
    const [verb, verdict] = [command?.[1] ?? '', verdicts.get(command?.[1] ?? '')]
    if (command === null && /^\s*(#|$)/.test(line)) continue
    if (verb === 'start') {
      const dashes = words.includes('--') ? words.indexOf('--') : words.length
      const begun = withoutTerms(words.slice(0, dashes))
      terms = begun.terms
      for (const verdict of ['good', 'bad'] as const)
        if (terms[verdict] !== undefined) verdicts.set(terms[verdict], verdict)
      const [bad, ...good] = begun.words
      paths = words.slice(dashes + 1)
      said.length = 0
      if (bad !== undefined) said.push({ verdict: 'bad', revision: bad })
      for (const revision of good) said.push({ verdict: 'good', revision })
    } else if (verdict !== undefined && words.length > 0) {
      for (const revision of words) said.push({ verdict, revision })
    } else throw notALog(line, at + 1)
  }
  return { said, paths, ...(Object.keys(terms).length === 0 ? {} : { terms }) }
}

/** As one word or two: '--term-old=fast' or '--term-old' 'fast'. */
function withoutTerms(words: readonly string[]): { words: string[]; terms: Partial<BisectTerms> } {
  const left: string[] = []
  const terms: { -readonly [K in keyof BisectTerms]?: string } = {}
  for (let i = 0; i < words.length; i++) {
    const [option = '', value] = words[i]!.split('=')
    const term = termOptions.get(option)
    if (term === undefined) left.push(words[i]!)
    else terms[term] = value ?? words[++i] ?? ''
  }
  return { words: left, terms }
}

function notALog(line: string, number: number): VarveError {
  return new VarveError(
    'VARVE_USAGE',
    `line ${number} is not one of a bisection's log: '${line.slice(0, 80)}'`,
    {
      data: { line: number },
      hint: "lines are 'varve bisect start', 'varve bisect good ID', 'bad ID', 'skip ID', or begin with '#'",
    },
  )
}

/** Words of a line, those in single or double quotes with all that stands there. */
function shellWords(line: string): string[] {
  const words: string[] = []
  for (const [word] of line.matchAll(/(?:[^\s'"\\]|\\.|'[^']*'|"[^"]*")+/g))
    words.push(
      word.replaceAll(/\\(.)|'([^']*)'|"([^"]*)"/g, (_, plain, one, two) => (plain ?? one ?? two) as string),
    )
  return words
}

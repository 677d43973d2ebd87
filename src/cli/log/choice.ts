// Which commits a `varve log` is about.
import type { ContentFilter, LogOptions } from '../../api/interface.ts'
import { type Arguments, type Occurrence, usage } from '../arguments.ts'
import { branchPrefix, remotePrefix, tagPrefix } from '../../history/refs.ts'
import { type PatternSyntax, asRe2 } from '../../base/posix-pattern.ts'
import { parseMoment } from '../../base/moment.ts'
import type { OptionSpecs } from '../interface.ts'

export const choiceOptions: OptionSpecs = {
  limit: {
    type: 'text',
    short: 'n',
    aliases: ['max-count'],
    value: 'N',
    about: 'at most N commits; -5 is short for -n 5',
  },
  all: { type: 'flag', about: 'commits of all branches and tags' },
  branches: {
    type: 'optional',
    value: 'PATTERN',
    about: "commits of all branches, or of those whose names match PATTERN: --branches='fix/*'",
  },
  tags: {
    type: 'optional',
    value: 'PATTERN',
    about: 'commits of all tags, or of those whose names match PATTERN',
  },
  remotes: {
    type: 'optional',
    value: 'PATTERN',
    about: 'commits of all remote branches, or of those of one remote: --remotes=origin',
  },
  not: {
    type: 'flag',
    about:
      'what stands behind it names commits to leave out: `--branches --not --remotes` is what was never pushed; a second one ends that',
  },
  'first-parent': { type: 'flag', about: 'leave out what merges brought in' },
  author: {
    type: 'list',
    value: 'PATTERN',
    about: "only commits in whose author's 'Name <email>' PATTERN matches; of several one has to",
  },
  committer: { type: 'list', value: 'PATTERN', about: 'the same of the committer' },
  grep: {
    type: 'list',
    value: 'PATTERN',
    about: 'only commits with a line in the message in which PATTERN matches; of several one has to',
  },
  'all-match': { type: 'flag', about: 'each --grep has to match' },
  'invert-grep': { type: 'flag', about: 'only commits in whose messages no --grep matches' },
  'regexp-ignore-case': {
    type: 'flag',
    short: 'i',
    about: 'patterns, and the text of -S, match in any case',
  },
  'basic-regexp': {
    type: 'flag',
    about: "--author, --committer and --grep are basic patterns, as grep's (the default)",
  },
  'extended-regexp': { type: 'flag', short: 'E', about: "they are extended patterns, as those of 'grep -E'" },
  'perl-regexp': { type: 'flag', short: 'P', about: "they are RE2's patterns, which are nearly Perl's" },
  'fixed-strings': { type: 'flag', short: 'F', about: 'they are texts, not patterns' },
  changing: {
    type: 'text',
    short: 'S',
    value: 'TEXT',
    about: 'only commits that change how often TEXT occurs in a file, or in the cells of a table',
  },
  'pickaxe-regex': { type: 'flag', about: 'with -S: TEXT is a pattern' },
  'changing-lines': {
    type: 'text',
    short: 'G',
    value: 'PATTERN',
    about: 'commits that add or remove a line of a file, or a cell of a table, in which PATTERN matches',
  },
  since: {
    type: 'text',
    aliases: ['after'],
    value: 'DATE',
    about: "not older than DATE: ISO 8601, seconds since 1970, 'yesterday' or '2 weeks ago'",
  },
  until: { type: 'text', aliases: ['before'], value: 'DATE', about: 'not newer than DATE' },
  reverse: { type: 'flag', about: 'oldest first; -n still counts from the newest' },
  merges: { type: 'flag', about: 'only merges' },
  'no-merges': { type: 'flag', about: 'no merges' },
}

/** Options that leave out commits in between. */
export const filterNames = [
  'author',
  'committer',
  'grep',
  'changing',
  'changing-lines',
  'since',
  'until',
  'merges',
  'no-merges',
] as const

export function choice(given: Arguments, revisions: readonly string[]): LogOptions {
  given.exclusive('merges', 'no-merges')
  const limit = given.number('limit')
  const [sinceMs, untilMs] = [moment(given.text('since')), moment(given.text('until'))]
  return {
    ...(revisions.length === 0 ? {} : { revision: withNot(given, revisions) }),
    ...refsChosen(given),
    ...(limit === undefined ? {} : { limit }),
    ...patternsChosen(given),
    ...contentChosen(given),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
    ...(given.flag('merges') || given.flag('no-merges') ? { merges: given.flag('merges') } : {}),
    firstParent: given.flag('first-parent'),
    follow: !given.flag('no-follow'),
    reverse: given.flag('reverse'),
  }
}

type Patterns = Pick<LogOptions, 'authors' | 'committers' | 'messages' | 'allMatch' | 'invertGrep'>

function patternsChosen(given: Arguments): Patterns {
  given.exclusive(...Object.keys(syntaxes))
  const syntax = Object.entries(syntaxes).find(([name]) => given.flag(name))?.[1] ?? 'basic'
  const patterns = (option: string): readonly string[] =>
    given.list(option).map((text) => caseOf(given, asRe2(text, syntax)))
  return {
    authors: patterns('author'),
    // That of `shortlog` is a flag.
    committers: given.isList('committer') ? patterns('committer') : [],
    messages: patterns('grep'),
    allMatch: given.flag('all-match'),
    invertGrep: given.flag('invert-grep'),
  }
}

const syntaxes: Readonly<Record<string, PatternSyntax>> = {
  'basic-regexp': 'basic',
  'extended-regexp': 'extended',
  'perl-regexp': 'perl',
  'fixed-strings': 'fixed',
}

function caseOf(given: Arguments, pattern: string): string {
  return given.flag('regexp-ignore-case') ? `(?i:${pattern})` : pattern
}

function contentChosen(given: Arguments): ContentFilter {
  given.exclusive('changing', 'changing-lines')
  const [text, lines] = [given.text('changing'), given.text('changing-lines')]
  const isPattern = given.flag('pickaxe-regex')
  if (isPattern && text === undefined)
    throw usage("'--pickaxe-regex' needs a pattern to count: -S PATTERN", '-G takes a pattern anyway')
  if (text !== undefined) {
    if (!isPattern && !given.flag('regexp-ignore-case')) return { changesText: text }
    return { changesPattern: caseOf(given, isPattern ? text : asRe2(text, 'fixed')) }
  }
  return lines === undefined ? {} : { changesLines: caseOf(given, lines) }
}

const kinds: Readonly<Record<string, string>> = {
  branches: branchPrefix,
  tags: tagPrefix,
  remotes: remotePrefix,
}

/** Nothing where none of these options is given: then HEAD is meant, while `--tags` without a tag means no commit. */
function refsChosen(given: Arguments): Pick<LogOptions, 'refs'> {
  const refs = given.occurrences.flatMap((option) => {
    const patterns =
      option.name === 'all' ? ['refs/*', 'HEAD'] : option.name in kinds ? [patternOf(option)] : []
    return isExcluded(given, option.wordsBefore, option) ? patterns.map((one) => `^${one}`) : patterns
  })
  return refs.length === 0 ? {} : { refs }
}

/** As in Git: a plain name is a folder of names. */
function patternOf({ name, value }: Occurrence): string {
  const isPlain = value !== '' && !/[?*[]/.test(value)
  return `${kinds[name]}${isPlain ? `${value.replace(/\/$/, '')}/*` : value || '*'}`
}

function withNot(given: Arguments, revisions: readonly string[]): readonly string[] {
  return revisions.map((word, at) => (isExcluded(given, at) ? `^${word}` : word))
}

/** Whether an odd number of '--not' stands before the word, or before the option. */
function isExcluded({ occurrences }: Arguments, wordsBefore: number, option?: Occurrence): boolean {
  const end = option === undefined ? occurrences.length : occurrences.indexOf(option)
  const before = occurrences
    .slice(0, end)
    .filter((one) => one.name === 'not' && one.wordsBefore <= wordsBefore)
  return before.length % 2 === 1
}

function moment(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseMoment(text, Date.now())
}

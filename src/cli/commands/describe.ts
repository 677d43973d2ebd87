import { VarveError } from '../../base/errors.ts'
import type { Description } from '../../index.ts'
import { usage } from '../arguments.ts'
import { shortId } from '../format/commit.ts'
import type { Command, Context } from '../interface.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: [
    'describe [--tags | --all] [--match PATTERN] [--exclude PATTERN] [--always] [--long | --abbrev N] [REV...]',
    'describe --dirty[=MARK]',
  ],
  description:
    "Names a commit by the nearest annotated tag among its ancestors: 'v1', or 'v1-3-g1f2e3d4c' for the\nthird commit after it.",
  options: {
    tags: { type: 'flag', about: 'also tags without a message' },
    all: { type: 'flag', about: "tags and branches, also remote ones: 'heads/main', 'tags/v1'" },
    match: { type: 'list', value: 'PATTERN', about: "only tags whose names match PATTERN: 'v*'" },
    exclude: { type: 'list', value: 'PATTERN', about: 'no tags whose names match PATTERN' },
    'first-parent': { type: 'flag', about: 'leave out what merges brought in' },
    'exact-match': { type: 'flag', about: 'only if a tag points at the commit itself' },
    always: { type: 'flag', about: 'print the short id if there is no tag' },
    long: { type: 'flag', about: "always with the number of commits and the id: 'v1-0-g1f2e3d4c'" },
    abbrev: { type: 'text', value: 'N', about: 'the first N digits of the id; 0: only the tag' },
    dirty: {
      type: 'optional',
      value: 'MARK',
      about: "describe HEAD, with '-dirty' (or MARK) after it if files differ from it",
    },
  },
  examples: [
    ['varve describe --tags --always', 'what this version is called'],
    ['varve describe --abbrev=0', 'the last release'],
    ['varve describe --dirty', 'and whether something has been changed since'],
  ],
  json: '{ items: { name: string; commit: string; tag: string | null; depth: number; dirty?: boolean }[] }',
  run,
}

interface DescribedRevision extends Description {
  readonly name: string
  readonly dirty?: boolean
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.exclusive('long', 'exact-match')
  given.exclusive('tags', 'all')
  const letters = given.number('abbrev')
  if (letters === 0 && given.flag('long')) throw usage("'--long' and '--abbrev=0' exclude each other")
  const mark = given.optional('dirty')?.at(-1)
  if (mark !== undefined && given.words.length > 0) throw usage("'--dirty' is of HEAD alone: name no REV")
  const repo = await repository()
  const status = mark === undefined ? null : await repo.status(operation)
  const dirty = status === null ? false : status.staged.length + status.unstaged.length > 0
  const ending = dirty ? mark || '-dirty' : ''
  const items: DescribedRevision[] = []
  for (const revision of given.words.length === 0 ? ['HEAD'] : given.words) {
    const found = await repo.describe(revision, {
      ...operation,
      tags: given.flag('tags'),
      all: given.flag('all'),
      match: given.list('match'),
      exclude: given.list('exclude'),
      firstParent: given.flag('first-parent'),
    })
    const { commit, depth } = found
    const tag = given.flag('exact-match') && depth > 0 ? null : found.tag
    if (tag === null && !given.flag('always')) throw noTag(revision, given.flag('exact-match'))
    const id =
      letters === undefined || letters === 0 ? shortId(commit) : commit.slice(0, Math.max(4, letters))
    const isPlain = letters === 0 || (depth === 0 && !given.flag('long'))
    const name = tag === null ? id : isPlain ? tag : `${tag}-${depth}-g${id}`
    items.push({ name: `${name}${ending}`, commit, tag, depth, ...(status === null ? {} : { dirty }) })
  }
  out.result({ items }, () => {
    for (const { name } of items) out.line(visible(name))
  })
  return 0
}

function noTag(revision: string, isExact: boolean): VarveError {
  const what = isExact ? 'no such tag points at' : 'no such tag is among the ancestors of'
  return new VarveError('VARVE_REF_NOT_FOUND', `${what} '${revision}'`, {
    hint: "'--tags' looks at tags without a message as well, '--always' gives the id instead",
  })
}

import { VarveError, isVarveError } from '../../base/errors.ts'
import { collect } from '../../base/iterables.ts'
import { shortRefName } from '../../history/refs.ts'
import { namesSet, splitParents } from '../../history/revision-set.ts'
import { splitRange, splitRevisionPath } from '../../history/revision.ts'
import type { Repository, RevisionInfo } from '../../index.ts'
import { usage } from '../arguments.ts'
import { shortId } from '../format/commit.ts'
import type { Command, Context } from '../interface.ts'
import { pathInRevision, toRepositoryPath } from '../paths.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: [
    'rev-parse [--short[=N] | --abbrev-ref | --symbolic-full-name] (REV | A..B | ^A)...',
    'rev-parse --verify [-q] [--short[=N]] REV',
    'rev-parse --show-toplevel | --show-prefix | --is-inside-work-tree | --is-bare-repository',
  ],
  description:
    "Prints the ids of the commits that revisions name, one on each line, for scripts. An excluded\nrevision (^A) is printed with '^' before its id; a range is printed as both its ends, REV^! with its\nparents left out; REV:PATH as the id of the content, REV^{tree} as that of all files. --abbrev-ref\nand --symbolic-full-name print the branch or tag that was named. The last form says where the\ncommand runs.",
  options: {
    short: { type: 'optional', value: 'N', about: 'the first N letters of the id (default: 8)' },
    'abbrev-ref': { type: 'flag', about: "the short name: 'main', 'origin/main'; HEAD if it is detached" },
    'symbolic-full-name': { type: 'flag', about: "the full name: 'refs/heads/main'" },
    verify: {
      type: 'flag',
      about: 'require exactly one existing REV; with -q a missing one is exit code 1 without a message',
    },
    'show-toplevel': { type: 'flag', about: "the repository's folder" },
    'show-prefix': { type: 'flag', about: "the current folder relative to it: 'folder/'" },
    'is-inside-work-tree': { type: 'flag', about: 'true, or false in a repository without files' },
    'is-bare-repository': { type: 'flag', about: 'true in a repository without files' },
  },
  examples: [
    ['varve rev-parse HEAD', 'the id of the current commit'],
    ['varve rev-parse --abbrev-ref HEAD', 'the current branch'],
    ['varve rev-parse -q --verify v2', 'whether a revision exists'],
    ['varve rev-parse --show-toplevel', 'the folder of the repository'],
  ],
  json: '{ items: { revision: string; id: string; commit: string | null; ref: string | null; excluded?: true }[] }; --show-toplevel and the like: { value: string | boolean }',
  run,
}

const places = ['show-toplevel', 'show-prefix', 'is-inside-work-tree', 'is-bare-repository'] as const

async function run({ arguments: given, out, repository }: Context): Promise<number> {
  given.exclusive(...places, 'short', 'abbrev-ref', 'symbolic-full-name')
  given.exclusive(...places, 'verify')
  const place = places.find((name) => given.flag(name))
  const letters = lettersOf(given.optional('short')?.at(-1))
  if (place === undefined) given.expectWords(1, given.flag('verify') ? 1 : Infinity, 'REV')
  else given.expectWords(0, 0, '')
  const repo = await repository()
  if (place !== undefined) {
    const value = placeOf(repo, place)
    out.result({ value }, () => out.line(visible(String(value))))
    return 0
  }
  const items: (RevisionInfo & { readonly revision: string; readonly excluded?: true })[] = []
  const isOne = given.flag('verify')
  const ends = isOne ? given.words : await collect(endsOf(repo, given.words))
  for (const end of ends) {
    const excluded = !isOne && end.startsWith('^')
    const revision = excluded ? end.slice(1) : end
    const found = await namedBy(repo, revision).catch((error: unknown) => {
      const isMissing =
        isVarveError(error, 'VARVE_REF_NOT_FOUND') || isVarveError(error, 'VARVE_PATH_NOT_FOUND')
      if (given.flag('verify') && out.quiet && isMissing) return null
      throw error
    })
    if (found === null) return 1
    items.push({ revision, ...found, ...(excluded ? { excluded } : {}) })
  }
  out.result({ items }, () => {
    for (const { revision, id, ref, excluded } of items) {
      const print = (name: string): void => out.line(excluded === true ? `^${name}` : name)
      const isHead = revision === 'HEAD' || revision === '@'
      const name = ref ?? (isHead ? 'HEAD' : null)
      if (given.flag('abbrev-ref')) print(name === null ? '' : visible(shortRefName(name)))
      else if (given.flag('symbolic-full-name')) print(name === null ? '' : visible(name))
      else print(letters === null ? id : letters === 0 ? shortId(id) : id.slice(0, letters))
    }
  })
  return 0
}

/** 'REV:./PATH' counts from where the command runs. */
async function namedBy(repo: Repository, word: string): Promise<RevisionInfo> {
  const { revision, path } = splitRevisionPath(word)
  return repo.revisionInfo(path === null ? word : `${revision}:${pathInRevision(repo.root, path)}`)
}

/** Revisions alone, '^A' among them: a range is its two ends, as in Git. */
async function* endsOf(repo: Repository, words: readonly string[]): AsyncGenerator<string> {
  for (const word of words) {
    if (word.startsWith('^') && namesSet(word.slice(1))) {
      for await (const end of endsOf(repo, [word.slice(1)]))
        yield end.startsWith('^') ? end.slice(1) : `^${end}`
      continue
    }
    const family = splitParents(word)
    const range = splitRange(word)
    if (family !== null) yield* familyOf(repo, family)
    else if (range === null) yield word
    else if (!range.symmetric) yield* [range.to, `^${range.from}`]
    else {
      yield* [range.to, range.from]
      for (const base of await repo.mergeBases(range.from, range.to)) yield `^${base}`
    }
  }
}

async function* familyOf(
  repo: Repository,
  { revision, kind, parent }: NonNullable<ReturnType<typeof splitParents>>,
): AsyncGenerator<string> {
  const { parents } = await repo.commitInfo(revision)
  if (kind === '@') return yield* parents
  yield revision
  if (kind === '!') return yield* parents.map((id) => `^${id}`)
  yield `^${parents[parent - 1] ?? `${revision}^${parent}`}`
}

/** How many letters of an id to print; null for all, 0 for as few as elsewhere. */
function lettersOf(typed: string | undefined): number | null {
  if (typed === undefined) return null
  if (!/^\d{0,2}$/.test(typed)) throw usage(`'--short' needs a whole number, not '${typed}'`)
  return typed === '' ? 0 : Math.max(4, Number(typed))
}

function placeOf({ root }: Pick<Repository, 'root'>, name: (typeof places)[number]): string | boolean {
  if (name === 'is-bare-repository') return root === null
  if (name === 'is-inside-work-tree') return root !== null
  if (root === null) {
    throw new VarveError('VARVE_NOT_POSSIBLE', 'a bare repository has no folder of files', {
      hint: "'--is-bare-repository' shows this beforehand",
    })
  }
  if (name === 'show-toplevel') return root
  const prefix = fromRepositoryRoot(root)
  return prefix === '' ? '' : `${prefix}/`
}

/** The folder in which the command runs, as a path from the repository's root. */
function fromRepositoryRoot(root: string): string {
  const here = toRepositoryPath(root, '.')
  return here === '.' ? '' : here
}

// `varve log -L`: what became of lines of a text.
import type { LineCommit } from '../../api/row-history.ts'
import type { Repository } from '../../index.ts'
import { usage } from '../arguments.ts'
import { printHunks } from '../format/patch/patch.ts'
import { nameNames } from '../format/names.ts'
import type { Context } from '../interface.ts'
import { toRepositoryPath } from '../paths.ts'
import { choice } from './choice.ts'
import { shownForm } from './form.ts'
import { authorsLookedFor, shownPeople } from './shown-people.ts'

const others = [
  'key',
  'stat',
  'graph',
  'reverse',
  'links',
  'changing',
  'changing-lines',
  'pickaxe-regex',
  'unified',
  'ignore-all-space',
  ...nameNames,
] as const

export async function logLines(
  context: Context,
  repo: Repository,
  revisions: readonly string[],
  paths: readonly string[],
): Promise<number> {
  const { arguments: given, out, operation } = context
  for (const other of others) given.exclusive('line-range', other)
  if (paths.length > 0) throw usage(`'-L' names its file itself: '-L START,END:${paths[0]!}'`)
  const { path, lines } = namedLines(given.list('line-range'))
  const people = await shownPeople(context)
  const commits = repo.lineLog(toRepositoryPath(repo.root, path), {
    ...operation,
    ...choice(given, revisions),
    ...authorsLookedFor(people),
    lines,
  })
  const { lines: linesOf, spaced } = shownForm(context, people)
  await out.items(commits, async (commit, index) => {
    if (spaced && index > 0) out.line()
    for (const line of linesOf(commit)) out.line(line)
    if (commit.hunks.length === 0) return
    if (spaced) out.line()
    await printHunks(out, { ...commit, state: stateOf(commit) }, commit.hunks)
  })
  return 0
}

function stateOf({ isNew, from }: LineCommit): 'added' | 'renamed' | 'modified' {
  return isNew === true ? 'added' : from === undefined ? 'modified' : 'renamed'
}

/** A pattern may hold what ends a range. */
const named = /^((?:\^?\/(?:\\.|[^/\\])*\/|[^,:]*)(?:,(?:\/(?:\\.|[^/\\])*\/|[^,:]*))?):(.+)$/su

function namedLines(texts: readonly string[]): { readonly path: string; readonly lines: readonly string[] } {
  const found = texts.map((text) => {
    const [, range, path] = named.exec(text) ?? []
    if (range === undefined || path === undefined || range === '')
      throw usage(`'${text}' is no START,END:FILE`, "write it like this: '-L 10,20:notes.txt'")
    return { range, path }
  })
  const paths = [...new Set(found.map(({ path }) => path))]
  if (paths.length > 1) throw usage(`'-L' takes lines of one file, not of '${paths[0]!}' and '${paths[1]!}'`)
  return { path: paths[0]!, lines: found.map(({ range }) => range) }
}

// Blame and the log of a row as the public API gives them.
import { VarveError } from '../base/errors.ts'
import { digestHex } from '../encoding/cid.ts'
import { Tree } from '../files/tree.ts'
import { isBefore } from '../history/ancestry.ts'
import { readCommit } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { subjectOf } from '../history/message.ts'
import { resolveSet } from '../history/revision-set.ts'
import { resolveRevision, splitRange } from '../history/revision.ts'
import type { Attribution } from '../repo/blame/blame.ts'
import { blameLines } from '../repo/blame/blame-lines.ts'
import { type BlameTableOptions, blameTable } from '../repo/blame/blame-table.ts'
import type { Repo } from '../repo/interface.ts'
import type { PathVersion } from '../repo/log/path-origin.ts'
import { rowLog } from '../repo/log/row-log.ts'
import { notATable } from '../repo/blame/table-versions.ts'
import { entriesToRows } from '../table/rows.ts'
import { commitInfoOf, refNames } from './info.ts'
import type {
  Blame,
  BlamedCommit,
  BlameOptions,
  LineBlame,
  RowBlame,
  RowCommit,
  RowLogOptions,
} from './row-history.ts'
import { findTable } from '../repo/find-table.ts'
import { rowKeyOf } from './files/row-selector.ts'
import { noPath } from './tables/snapshot.ts'

const linesAtOnce = 1000

/** @throws VarveError VARVE_REF_NOT_FOUND, VARVE_PATH_NOT_FOUND, VARVE_USAGE, VARVE_NOT_POSSIBLE for what is no text */
export async function blamePath(repo: Repo, path: string, options: BlameOptions): Promise<Blame> {
  const revision = options.revision ?? 'HEAD'
  const { from, exclude } = await resolveSet(repo.store, [revision], await repo.store.manifest())
  const [tip, ...others] = from
  if (tip === undefined || others.length > 0) {
    throw new VarveError('VARVE_USAGE', `blame looks back from one revision, not from '${revision}'`, {
      data: { revision },
      hint: "write 'A..B' for what B has since A",
    })
  }
  const commit = await readCommit(repo.store, tip)
  const tree = await Tree.load(repo.nodes, commit.tree)
  const version = await versionOf(tree, path)
  if (version === null) throw await noPath(tree, path, revision)
  if (version.entry!.kind === 'table') {
    if (options.lines !== undefined || options.ignoreSpace === true) throw notLines(path)
    return tableBlame(repo, commit, version, { ...options, exclude })
  }
  if (options.key !== undefined || options.columns !== undefined) throw notATable(path)
  const { lines: ranges, ignoreSpace, signal } = options
  const { count, lines } = await blameLines(repo, commit, version, { ranges, ignoreSpace, exclude, signal })
  const blamed = new BlamedCommits(lines.map(({ by }) => by))
  return {
    ...common(commit, version, blamed),
    kind: 'text',
    keyColumns: [],
    count,
    rows: none,
    async *lines() {
      for (let at = 0; at < lines.length; at += linesAtOnce) {
        yield lines.slice(at, at + linesAtOnce).map(({ line, text, by, originalLine }): LineBlame => ({
          line,
          text: text.replace(/\r?\n$/, ''),
          by: blamed.of(by),
          originalLine,
        }))
      }
    },
  }
}

function notLines(path: string): VarveError {
  return new VarveError('VARVE_USAGE', `'${path}' is a table: it has rows, not lines`, {
    data: { path },
    hint: "'--key KEY' chooses a row, '--column NAME' a column",
  })
}

async function* none(): AsyncGenerator<never> {}

function common(
  commit: Commit,
  { path }: PathVersion,
  { all }: BlamedCommits,
): Pick<Blame, 'path' | 'commit' | 'commits'> {
  return { path, commit: digestHex(commit.cid), commits: all }
}

/** Finds a path as it is, or as the name of a table: 'people' also finds the table 'people.csv'. */
async function versionOf(tree: Tree, path: string): Promise<PathVersion | null> {
  const entry = await tree.get(path)
  if (entry !== null) return { path, entry }
  const found = await findTable(tree, path)
  return found === null ? null : { path: found.path, entry: { kind: 'table', ...found } }
}

async function tableBlame(
  repo: Repo,
  commit: Commit,
  version: PathVersion,
  options: BlameOptions & Pick<BlameTableOptions, 'exclude'>,
): Promise<Blame> {
  const { signal, onProgress, columns, exclude } = options
  const asked: BlameTableOptions = {
    signal,
    exclude,
    ...(columns === undefined ? {} : { columns }),
    ...(options.key === undefined ? {} : { key: rowKeyOf(options.key) }),
    ...(onProgress === undefined
      ? {}
      : {
          onProgress: (done: number, total: number) =>
            onProgress({ phase: `blaming ${version.path}`, done, total, unit: 'rows' }),
        }),
  }
  const found = await blameTable(repo, commit, version, asked)
  const { shape, nodes } = found.table
  const blamed = new BlamedCommits(found.attributions)
  const names = shape.keys.map(({ name }) => name)
  return {
    ...common(commit, version, blamed),
    kind: 'table',
    keyColumns: names,
    count: found.table.count,
    lines: none,
    async *rows() {
      for await (const batch of found.rows()) {
        const entries = batch.map(({ entry }) => entry)
        const rows = await entriesToRows(shape, entries, nodes.reader, { signal })
        yield batch.map(({ by }, i): RowBlame => {
          const row = rows[i]!
          const cells = (found.columns ?? []).map(({ name }, lane) => ({
            column: name,
            value: row[name] ?? null,
            by: blamed.of(by[lane]!),
          }))
          const whole = found.columns === null ? blamed.of(by[0]!) : null
          return { key: names.map((name) => row[name] ?? null), row, by: whole, cells }
        })
      }
    },
  }
}

/** Makes one object for each commit and path, however many rows or lines it answers for. */
class BlamedCommits {
  readonly all: readonly BlamedCommit[]
  readonly #blamed = new Map<Attribution, BlamedCommit>()

  constructor(attributions: Iterable<Attribution>) {
    const known = new Map<string, { readonly blamed: BlamedCommit; readonly commit: Commit }>()
    for (const attribution of attributions) {
      const { commit, path } = attribution
      const name = `${commit.cid} ${path}`
      const subject = subjectOf(commit.message)
      const one = known.get(name) ?? {
        commit,
        blamed: {
          commit: digestHex(commit.cid),
          author: commit.author,
          subject,
          path,
          ...(attribution.isBoundary === true ? { boundary: true as const } : {}),
        },
      }
      known.set(name, one)
      this.#blamed.set(attribution, one.blamed)
    }
    this.all = [...known.values()]
      .sort((a, b) => (isBefore(a.commit, b.commit) ? -1 : 1))
      .map(({ blamed }) => blamed)
  }

  of(attribution: Attribution): BlamedCommit {
    return this.#blamed.get(attribution)!
  }
}

export async function* logOfRow(repo: Repo, path: string, options: RowLogOptions): AsyncGenerator<RowCommit> {
  const manifest = await repo.store.manifest()
  const names = await refNames(repo, manifest)
  const words = [options.revision ?? []].flat()
  const tip = words.find((word) => !word.startsWith('^')) ?? 'HEAD'
  const { commit } = await resolveRevision(repo.store, splitRange(tip)?.to ?? tip, manifest)
  const tree = await Tree.load(repo.nodes, (await readCommit(repo.store, commit)).tree)
  const log = rowLog(repo, (await versionOf(tree, path))?.path ?? path, {
    ...options,
    key: rowKeyOf(options.key),
  })
  for await (const entry of log) {
    const { keyColumns, ...change } = entry.change
    yield { ...commitInfoOf(entry.commit, names), path: entry.path, keyColumns, change }
  }
}

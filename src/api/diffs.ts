// What differs between two ends: the paths alone, or what became of each. The trees that it takes (the files as they are
// now, the rows of Parquet and SQLite files) live in a writer that is thrown away when the caller is done.
import { type DiffTreesOptions, type PathDiff, changedPaths, diffDatasets } from '../repo/diff/diff.ts'
import type { Folder, Io, Repo } from '../repo/interface.ts'
import { type DiffEnds, diffEnds } from './diff-ends.ts'
import type { DiffOptions, PathChange } from './interface.ts'

export function diffsBetween(
  repo: Repo,
  folder: Folder | null,
  options: DiffOptions & Omit<DiffTreesOptions, 'writer'>,
): AsyncGenerator<PathDiff> {
  return between(repo, folder, options, (io, { from, to }) =>
    diffDatasets(io.nodes, from, to, { ...options, writer: io.writer }),
  )
}

export function pathsBetween(
  repo: Repo,
  folder: Folder | null,
  options: DiffOptions,
): AsyncGenerator<PathChange> {
  return between(repo, folder, options, async function* (io, ends) {
    for (const change of await changedPaths(io.nodes, ends.from, ends.to, options)) {
      const { path, state, from, before, after } = change
      yield { path, state, ...(from === undefined ? {} : { from }), kind: (after ?? before)!.kind }
    }
  })
}

async function* between<T>(
  repo: Repo,
  folder: Folder | null,
  options: DiffOptions,
  compare: (io: Io, ends: DiffEnds) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const writer = repo.store.writer()
  const io = { writer, nodes: repo.nodes.through(writer) }
  try {
    yield* compare(io, await diffEnds(repo, folder, io, options))
  } finally {
    await writer.abort()
  }
}

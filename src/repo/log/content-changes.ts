// Those commits of a log that change something in the contents of paths: how often a text stands there, or lines and cells
// that a pattern matches.
import { throwIfAborted } from '../../base/errors.ts'
import { compilePattern } from '../../base/pattern.ts'
import type { Cid } from '../../encoding/cid.ts'
import { readCommits } from '../../history/commit.ts'
import { commitsLeftOut } from '../../history/horizon.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { type ChangedPath, type DiffTreesOptions, changedPaths } from '../diff/diff.ts'
import { emptyTreeOf } from '../empty.ts'
import type { Repo } from '../interface.ts'
import type { ContentFilter } from './content-filter.ts'
import { LineChanges } from './line-changes.ts'
import type { LogEntry } from './log.ts'
import { Needle } from './needle.ts'
import { PatternCounter } from './pattern-counter.ts'
import { TextChanges } from './text-changes.ts'

interface Changes {
  /** Whether a path that has changed has changed in this. */
  differs(change: ChangedPath): Promise<boolean>
}

/**
 * Of these entries of a log those whose commit changes it in some path, against each of its parents: what a merge took from
 * one of them is no change of its own. Of a log of paths those alone count. A commit whose parents were not fetched does not count: everything would look new in it.
 */
export async function* changingContent(
  repo: Repo,
  entries: AsyncIterable<LogEntry>,
  filter: ContentFilter & ReadOptions & Pick<DiffTreesOptions, 'paths'>,
): AsyncGenerator<LogEntry> {
  const writer = repo.store.writer()
  try {
    const nodes = repo.nodes.through(writer)
    const nothing = emptyTreeOf({ writer, nodes })
    const changes = await changesOf(nodes, filter)
    const beyond = await commitsLeftOut(repo.store)
    for await (const entry of entries) {
      const { parents, tree } = entry.commit
      if (parents.some((parent) => beyond.has(parent))) continue
      const before = (await readCommits(repo.store, parents)).map((parent) => parent.tree)
      const options = { signal: filter.signal, paths: entry.paths ?? filter.paths }
      const changesFrom = (from: Cid): Promise<ChangedPath[]> => {
        throwIfAborted(filter.signal)
        return changedPaths(nodes, from, tree, options)
      }
      if (await somePathDiffers(changes, before.length === 0 ? [nothing] : before, changesFrom)) yield entry
    }
  } finally {
    await writer.abort()
  }
}

async function changesOf(
  nodes: NodeStore,
  { changesText, changesPattern, changesLines, signal }: ContentFilter & ReadOptions,
): Promise<Changes> {
  if (changesText !== undefined) return new TextChanges(nodes, new Needle(changesText), { signal })
  const pattern = await compilePattern((changesLines ?? changesPattern)!)
  if (changesLines !== undefined) return new LineChanges(nodes, pattern, { signal })
  return new TextChanges(nodes, new PatternCounter(pattern), { signal })
}

/** Whether the same path differs from all of these. */
async function somePathDiffers(
  changes: Changes,
  trees: readonly Cid[],
  changesFrom: (tree: Cid) => Promise<ChangedPath[]>,
): Promise<boolean> {
  let differing: ReadonlySet<string> | null = null
  for (const [i, tree] of trees.entries()) {
    const found = new Set<string>()
    for (const change of await changesFrom(tree)) {
      if (differing?.has(change.path) === false || !(await changes.differs(change))) continue
      if (i === trees.length - 1) return true
      found.add(change.path)
    }
    if (found.size === 0) return false
    differing = found
  }
  return false
}

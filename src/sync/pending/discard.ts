// Rejects what a guard stopped. Rows that vanished from the endpoint are written back in the next round, rows that the
// branch removed come back into it, a table that has gone back by itself becomes what the branch has, and the earlier
// state of a restored endpoint is taken as its wish. A stop cannot be
// discarded where another database stands under the link's name, since there is nothing to take back, nor where a
// table's columns changed, since that can only be undone in the database.
import { VarveError } from '../../base/errors.ts'
import { type Cid, cidOfDigest } from '../../encoding/cid.ts'
import { fromHex } from '../../base/bytes.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { mergeTrees } from '../../merge/merge-trees.ts'
import { diffMaps } from '../../prolly/diff.ts'
import type { Edit } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import { operatorOf } from '../../repo/context.ts'
import type { Folder, Io, Repo } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { writeTable } from '../../table/table-object.ts'
import { changeBase } from '../held/base-change.ts'
import { changeBranch, commitTree } from '../branch-change.ts'
import type { Link } from '../interface.ts'
import { linkRef, positionKey } from '../state.ts'
import { tableAt } from '../tables/link-tables.ts'
import { earlierTables, pendingCommit, pendingFacts, pendingSync } from './approval.ts'
import type { PendingSync } from './interface.ts'

const operation = 'sync discard'

/** @throws VarveError VARVE_PATH_NOT_FOUND when nothing is pending */
export async function discardPending(repo: Repo, folder: Folder | null, link: Link): Promise<PendingSync> {
  const [commit, discarded] = [await pendingCommit(repo, link.name), await pendingSync(repo, link.name)]
  if (commit === null || discarded === null) throw nothingPending(link.name)
  const facts = pendingFacts(commit)
  const { stops, restored } = facts
  if (stops.every(({ guard }) => guard === 'schema')) throw notTakenBack(link.name, stops)
  const pathsOf = (side: 'endpoint' | 'branch'): Path[] =>
    stops.filter((stop) => stop.guard === 'deletes' && stop.side === side).map(({ path }) => path)
  const [vanished, removed, earlier] = [pathsOf('endpoint'), pathsOf('branch'), earlierTables(facts)]
  const message = `Discard what '${link.name}' was stopped at`
  if (removed.length > 0) {
    await changeBranch({
      repo,
      folder,
      link,
      paths: removed,
      operation,
      message,
      // What the branch did to these tables is reverted; anything it did since stays.
      change: async (io, ours) => {
        const [base, theirs] = [commit.tree, (await commitTree(io, commit.parents[0] ?? null)).cid]
        const merged = await mergeTrees({ ...io, base, ours: ours.cid, theirs }, { renames: 'none' })
        return Tree.load(io.nodes, merged.tree)
      },
    })
  }
  const refs = new Map<string, Cid | null>([[linkRef(link.name, 'pending'), null]])
  const config =
    restored === null ? new Map<string, string | null>() : new Map([[positionKey(link.name), null]])
  if (vanished.length + earlier.length > 0) {
    await changeBase({
      repo,
      link,
      operation,
      message,
      refs,
      // Seen to be gone, and to be written back; what else was done there is still to be merged.
      change: async (io, base) => {
        const [seen, entries] = [await Tree.load(io.nodes, commit.tree), new Map<Path, TreeEntry | null>()]
        for (const path of vanished) {
          const [table, left] = [await tableAt(io, base, path), await tableAt(io, seen, path)]
          if (table !== null) entries.set(path, await withoutVanished(io, table, left))
        }
        // Seen to be as it is, and to become what the branch has.
        for (const path of earlier) entries.set(path, await seen.get(path))
        return base.update(io.writer, entries)
      },
    })
    return discarded
  }
  if (restored !== null && link.mode === 'capture') {
    // What the endpoint has now is known, and not wished: only what changes there from now on comes in.
    const change = async (io: Io, base: Tree): Promise<Tree> => {
      const seen = await Tree.load(io.nodes, commit.tree)
      const entries = new Map<Path, TreeEntry | null>()
      for (const { path } of stops) entries.set(path, await seen.get(path))
      return base.update(io.writer, entries)
    }
    await changeBase({ repo, link, operation, message, refs, config, change })
    return discarded
  }
  const told = restored === null || restored.startsWith('position') ? null : fromHex(restored)
  await repo.store.update((current) => ({
    refs:
      told === null
        ? refs
        : new Map([...refs, [linkRef(link.name, 'written'), cidOfDigest('dag-cbor', told)]]),
    config,
    operation: { name: operation, message: link.name, author: operatorOf(repo, current) },
  }))
  return discarded
}

/** `table` without the rows that `left` no longer has; with `left` null, without any rows. */
async function withoutVanished(io: Io, table: TableObject, left: TableObject | null): Promise<TreeEntry> {
  const [all, none] = [await ProllyMap.load(io.nodes, table.rows), ProllyMap.empty(io.nodes, io.writer)]
  const there = left === null ? none : await ProllyMap.load(io.nodes, left.rows)
  async function* vanished(): AsyncGenerator<Edit[]> {
    for await (const differences of diffMaps(all, there))
      yield differences.flatMap(({ key, after }) => (after === null ? [{ key, value: null }] : []))
  }
  const rows = (await all.mutate(io.writer, vanished())).cid
  return { kind: 'table', executable: false, table: writeTable(io.writer, { ...table, rows }) }
}

function notTakenBack(link: string, stops: PendingSync['stops']): VarveError {
  const tables = stops.map(({ table }) => `'${table}'`).join(', ')
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    `the shape of ${tables} can only be changed back at the endpoint`,
    {
      data: { link, tables: stops.map(({ table }) => table) },
      hint: `do that there, or approve it: 'varve sync approve ${link}'; until then the table waits, and the others go on`,
    },
  )
}

export function nothingPending(link: string): VarveError {
  return new VarveError('VARVE_PATH_NOT_FOUND', `nothing of '${link}' waits to be approved`, {
    data: { link },
    hint: `see what the last round did: 'varve sync status ${link}'`,
  })
}

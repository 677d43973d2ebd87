// Proves that an endpoint holds what a commit holds. The endpoint's tables are read at one moment into trees of rows,
// whose leaves are key ranges with checksums: equal trees prove equal rows, and where they differ only the leaves that
// differ are looked at. A table whose digest, made by the database over all rows, is that of an earlier reading is not
// sent again. Nothing is kept; memory is bounded however large the tables are.
import { VarveError } from '../../base/errors.ts'
import type { Connector } from '../../connectors/interface.ts'
import { digestHex } from '../../encoding/cid.ts'
import { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import { resolveRevision } from '../../history/revision.ts'
import { withWriter } from '../../repo/context.ts'
import type { Io, Repo } from '../../repo/interface.ts'
import { capture } from '../capture/capture.ts'
import { TableDigests } from '../capture/digests.ts'
import { withoutMarked } from '../capture/soft-deletes.ts'
import { UnfitTables } from '../capture/unfit-tables.ts'
import { HeldRows } from '../held/held-rows.ts'
import type { Link } from '../interface.ts'
import { inKeysOf } from '../keys/respell.ts'
import { findTables } from '../capture/find-tables.ts'
import { linkTree } from '../tables/link-tables.ts'
import { branchOf } from '../merge/merge-branch.ts'
import { lastReceipt } from '../receipts/log.ts'
import { linkObject, readLinkState } from '../state.ts'
import { compareTable, tableState, unreadTable } from './compare-table.ts'
import type { LinkVerification, TableVerification, VerifyOptions } from './interface.ts'

export interface VerifyInput {
  readonly repo: Repo
  readonly connector: Connector
  readonly link: Link
  readonly options: VerifyOptions
}

/** @throws VarveError VARVE_REF_NOT_FOUND, VARVE_PATH_NOT_FOUND, and what the endpoint says */
export async function verifyLink({ repo, connector, link, options }: VerifyInput): Promise<LinkVerification> {
  const manifest = await repo.store.manifest()
  const branch = branchOf(link, manifest)
  if (options.against === undefined && !manifest.refs.has(branch)) throw neverSynced(link, branch)
  const revision = options.against ?? branch
  const { commit } = await resolveRevision(repo.store, revision, manifest)
  const other = options.tables?.find((name) => !link.tables.includes(name))
  if (other !== undefined)
    throw new VarveError('VARVE_PATH_NOT_FOUND', `'${other}' is not a table of the link '${link.name}'`, {
      data: { link: link.name, tables: link.tables },
      hint: `its tables: ${link.tables.join(', ')}`,
    })
  const held = (await lastReceipt(repo, link.name))?.heldBack ?? []
  return withWriter(repo, async (writer, nodes) => {
    const io: Io = { writer, nodes }
    const { live } = readLinkState(manifest, link.name)
    const before =
      live === null
        ? Tree.empty(nodes, writer)
        : await Tree.load(nodes, (await readCommit(nodes.reader, live)).tree)
    const chosen = options.tables ?? link.tables
    const unread = new HeldRows()
    const asked = { ...link, tables: chosen }
    const digests = await TableDigests.load(nodes.reader, manifest.refs.get(linkObject(link.name, 'digests')))
    const finding = { link: asked, connector, before, branch: null, held: unread, digests }
    const tables = await findTables(io, finding)
    const unlinked = unread.list.slice()
    // A cursor would leave out what is gone.
    const whole = { ...link, cursor: undefined }
    const unfit = await UnfitTables.load(nodes.reader, manifest, link.name)
    const known = { before, live, spelled: null, digests, unfit }
    const what = { link: whole, tables, ...known, held: unread, shapes: null, notes: [] }
    // However a table has changed its shape, it is read as it is now.
    const reading = { signal: options.signal, onProgress: options.onProgress }
    const read = await capture(io, readingAll(connector, link), what, reading)
    const expected = await linkTree(io, (await readCommit(nodes.reader, commit)).tree, tables)
    const tooLarge = new HeldRows()
    unfit.hold(tooLarge, tables)
    // What cannot be kept cannot be compared.
    const endpoint = await tooLarge.whatever().put(io, read, expected)
    const { tree: captured } = await inKeysOf(io, tables, endpoint, [expected])
    const named = await tooLarge.named(io, read)
    const verified: TableVerification[] = []
    for (const one of tables) {
      // What is not read stands there as it was, and proves nothing.
      const why = unread.list.find(({ path }) => path === one.path)
      verified.push(
        why === undefined
          ? await compareTable(io, one, { endpoint, captured, expected, held, tooLarge: named })
          : unreadTable(one, await tableState(io, expected, one.path), why.message),
      )
    }
    for (const { table: name, path, message } of unlinked)
      verified.push(unreadTable({ table: { name }, path }, null, message))
    const matches = verified.every((one) => one.matches)
    return { link: link.name, commit: digestHex(commit), matches, tables: verified }
  })
}

function neverSynced(link: Link, branch: string): VarveError {
  return new VarveError(
    'VARVE_REF_NOT_FOUND',
    `'${branch}' has no commits: there is nothing to compare with`,
    {
      data: { link: link.name, branch },
      hint: `run 'varve sync ${link.name}' first`,
    },
  )
}

/** A connector that reads all rows: what an endpoint says was written since is no proof of what it holds. */
function readingAll(connector: Connector, { cursor: cursors }: Link): Pick<Connector, 'snapshot'> {
  return {
    async snapshot(tables) {
      const snapshot = withoutMarked(await connector.snapshot(tables), cursors)
      const hasMarks = snapshot.written !== undefined
      return {
        rows: (table, signal) => snapshot.rows(table, signal),
        digest: async (table) => (hasMarks ? null : snapshot.digest(table)),
        close: () => snapshot.close(),
      }
    },
  }
}

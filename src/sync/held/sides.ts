// The held-back rows of a link with all their versions: as both sides last had them, as the branch and as the endpoint
// have them now.
import { fromHex } from '../../base/bytes.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import { ProllyMap } from '../../prolly/map.ts'
import { withWriter } from '../../repo/context.ts'
import { readBranch } from '../../repo/head.ts'
import type { Io, Repo } from '../../repo/interface.ts'
import { keyNames } from '../../table/key.ts'
import type { Row } from '../../table/interface.ts'
import { entriesToRows, rowShape } from '../../table/rows.ts'
import { commitTree } from '../branch-change.ts'
import type { HeldRow, Link } from '../interface.ts'
import { underKeysHere } from '../keys/keys-there.ts'
import { branchOf } from '../merge/merge-branch.ts'
import { lastReceipt } from '../receipts/log.ts'
import { readLinkState } from '../state.ts'
import { tableAt } from '../tables/link-tables.ts'

const sides = ['base', 'branch', 'endpoint'] as const

type Sides = { [side in (typeof sides)[number]]: Tree }

/**
 * The rows that the last round held back. Whole tables, items that cannot become rows, and rows of sinks come
 * without their sides.
 */
export async function heldRows(repo: Repo, link: Link): Promise<HeldRow[]> {
  const held = (await lastReceipt(repo, link.name))?.heldBack ?? []
  const manifest = await repo.store.manifest()
  const { live, base } = readLinkState(manifest, link.name)
  if (live === null || held.length === 0) return [...held]
  return withWriter(repo, async (writer, nodes) => {
    const io: Io = { writer, nodes }
    const tip: Cid | null = (await readBranch(nodes.reader, manifest, branchOf(link, manifest)))?.cid ?? null
    const trees: Sides = {
      base: await commitTree(io, base),
      branch: await commitTree(io, tip),
      endpoint: await underKeysHere(io, await commitTree(io, live), held),
    }
    const rows = new Map<Path, ReadonlyMap<string, SidesOfRow>>()
    for (const path of new Set(held.map((one) => one.path)))
      rows.set(path, await sidesAt(io, trees, path, keysOf(held, path)))
    return held.map((one) => ({ ...one, ...rows.get(one.path)!.get(one.keyHex) }))
  })
}

type SidesOfRow = Pick<HeldRow, 'keyColumns' | 'base' | 'branch' | 'endpoint'>

function keysOf(held: readonly HeldRow[], path: Path): string[] {
  const isRow = (one: HeldRow): boolean => one.path === path && one.keyHex !== ''
  return [...new Set(held.filter(isRow).map(({ keyHex }) => keyHex))].sort()
}

async function sidesAt(
  io: Io,
  trees: Sides,
  path: Path,
  keys: readonly string[],
): Promise<ReadonlyMap<string, SidesOfRow>> {
  let keyColumns: readonly string[] = []
  const found = { base: [] as (Row | null)[], branch: [] as (Row | null)[], endpoint: [] as (Row | null)[] }
  for (const side of sides) {
    const table = await tableAt(io, trees[side], path)
    if (table !== null) keyColumns = keyNames(table.schema)
    const entries =
      table === null
        ? keys.map(() => null)
        : await (await ProllyMap.load(io.nodes, table.rows)).getMany(keys.map(fromHex))
    const there = entries.filter((entry) => entry !== null)
    const rows = table === null ? [] : await entriesToRows(rowShape(table.schema), there, io.nodes.reader)
    let next = 0
    found[side] = entries.map((entry) => (entry === null ? null : rows[next++]!))
  }
  return new Map(
    keys.map((key, i) => [
      key,
      { keyColumns, base: found.base[i]!, branch: found.branch[i]!, endpoint: found.endpoint[i]! },
    ]),
  )
}

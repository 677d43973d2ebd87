// What a receiver is to be sent for a commit: the link's tables, each with its transform applied. Masks work here,
// before anything leaves; the dataset itself is not changed.
import { utf8 } from '../../base/bytes.ts'
import { isVarveError } from '../../base/errors.ts'
import { sha256Hex } from '../../base/platform.ts'
import type { Cid, TableCid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { loadTable, writeTable } from '../../table/table-object.ts'
import type { Link } from '../interface.ts'
import type { Delivery, TransformSources } from './delivery.ts'
import { deliveredTable, deliveredTree } from './tables.ts'
import { transformedTable } from './transformed.ts'

export interface Target {
  /** As the dataset has the tables. */
  readonly source: Tree
  /** As they are to be told. */
  readonly tree: Tree
  readonly made: TransformSources
  /** Tables that cannot be transformed, and why: the receiver keeps what it was told of them. */
  readonly faults: ReadonlyMap<Path, string>
}

export class Targets {
  readonly #io: Io
  readonly #link: Link
  readonly #paths: readonly Path[]
  readonly #secret: string | undefined

  constructor(io: Io, link: Link, { paths, secret }: { paths: readonly Path[]; secret: string | undefined }) {
    this.#io = io
    this.#link = link
    this.#paths = paths
    this.#secret = secret
  }

  /** The target for a commit's tree. Tables that `last` made in the same way of the same rows are not made again. */
  async of(root: Cid, last: Delivery | null): Promise<Target> {
    const source = await deliveredTree(this.#io, root, this.#paths)
    const entries = new Map<Path, TreeEntry>()
    const faults = new Map<Path, string>()
    const made = new Map<Path, { readonly source: TableCid; readonly how: string }>()
    for (const { table } of this.#link.transform ?? []) {
      const path = table as Path
      const entry = await source.get(path)
      if (entry?.kind !== 'table') continue
      const how = this.#how(path)
      const known = last?.made.get(path)
      const told = (await last?.target.get(path)) ?? null
      try {
        const isSame = known?.how === how && known.source === entry.table
        entries.set(path, isSame && told !== null ? told : await this.#entry(path, entry.table, last))
        made.set(path, { source: entry.table, how })
      } catch (error) {
        // What its rows break, or its transform, is said, and stops this table alone.
        if (told === null || !isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
        faults.set(path, error.message)
        entries.set(path, told)
        if (known !== undefined) made.set(path, known)
      }
    }
    const tree = entries.size === 0 ? source : await source.update(this.#io.writer, entries)
    return { source, tree, made, faults }
  }

  /** A table of the dataset as the receiver would see it. */
  async seen(path: Path, source: TableObject): Promise<TableObject> {
    if (this.#transformOf(path) === undefined) return source
    return this.#make(path, source, null)
  }

  /** The table of the dataset from which a sent one was made. */
  async sourceOf(path: Path, last: Delivery): Promise<TreeEntry | null> {
    const known = last.made.get(path)
    if (known === undefined) return last.target.get(path)
    return { kind: 'table', executable: false, table: known.source }
  }

  async #entry(path: Path, cid: TableCid, last: Delivery | null): Promise<TreeEntry> {
    const source = await loadTable(this.#io.nodes.reader, cid)
    const table = writeTable(this.#io.writer, await this.#make(path, source, last))
    return { kind: 'table', executable: false, table }
  }

  async #make(path: Path, source: TableObject, last: Delivery | null): Promise<TableObject> {
    const known = last?.made.get(path)
    const target = last === null ? null : await deliveredTable(this.#io, last.target, path)
    const isAlike = known !== undefined && known.how === this.#how(path) && target !== null
    const before = isAlike ? { source: await loadTable(this.#io.nodes.reader, known.source), target } : null
    const making = { path, source, transform: this.#transformOf(path)!, secret: this.#secret, before }
    return transformedTable(this.#io, { ...making, schema: target?.schema })
  }

  #transformOf(path: Path) {
    return this.#link.transform?.find(({ table }) => table === path)
  }

  /** A digest of how a table is made. Another secret makes other rows, so it is part of it. */
  #how(path: Path): string {
    const text = JSON.stringify([this.#transformOf(path), this.#secret ?? null])
    return sha256Hex(utf8(text)).slice(0, 16)
  }
}

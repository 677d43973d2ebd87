// Rows that a round leaves alone: conflicts, rows that another writer changed meanwhile, rows that one side cannot
// take. For each the endpoint keeps its version, and the common base stays as it was (for a row that was merged but
// could not be written, the base is what was read). So the row is looked at anew in every round, until one side gives
// way, and nothing of either side is lost meanwhile.
import { compareBytes, fromHex, toHex } from '../../base/bytes.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import { scanConflicts } from '../../merge/conflicts/conflicts.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { keyText } from '../../table/key.ts'
import { writeTable } from '../../table/table-object.ts'
import type { HeldBack } from '../interface.ts'
import { type LinkedTable, tableAt, waitingTable } from '../tables/link-tables.ts'
import { otherKey } from '../tables/other-key.ts'
import { type RowCopy, rowCopyEdits } from '../tables/row-copy.ts'

export class HeldRows {
  readonly list: HeldBack[] = []
  /** The tables that were read and have a row that cannot be kept, with the message that says which. */
  readonly broken: Map<string, string> = new Map()
  /** Keys in hex, by path; null: the whole table. */
  readonly #keys = new Map<Path, Set<string> | null>()

  add(held: HeldBack): void {
    const keys = this.#keys.get(held.path)
    // Nothing more is to be said of a table that waits as a whole.
    if (keys === null) return
    if (keys?.has(held.keyHex) === true && !this.#isClashBeside(held)) return
    this.list.push(held)
    if (held.reason === 'schema' || held.reason === 'guard' || held.isTable === true)
      this.#keys.set(held.path, null)
    else if (keys === undefined) this.#keys.set(held.path, new Set([held.keyHex]))
    else keys?.add(held.keyHex)
  }

  /** Whether a row that cannot be kept also clashes, in what was last read of it. */
  #isClashBeside({ path, keyHex, reason }: HeldBack): boolean {
    const known = this.list.filter((one) => one.path === path && one.keyHex === keyHex)
    return reason === 'conflict' && known.every(({ tooLarge }) => tooLarge !== undefined)
  }

  /** Adds an item that is a row on neither side, and is therefore only reported. */
  note(held: HeldBack): void {
    if (!this.isWhole(held.path)) this.list.push(held)
  }

  /** Those that did not come into the branch: clashes, and tables that wait as a whole. */
  unmerged(): HeldRows {
    const some = new HeldRows()
    for (const one of this.list) if (one.reason !== 'changed' && one.reason !== 'rejected') some.add(one)
    return some
  }

  /** Those that wait whatever is written: whole tables, and rows that cannot be kept. */
  whatever(): HeldRows {
    const some = new HeldRows()
    for (const one of this.list)
      if (this.isWhole(one.path) || (one.tooLarge !== undefined && one.keyHex !== '')) some.add(one)
    return some
  }

  /**
   * Whether anything of the table has not come into the branch: clashes, rows that cannot be kept, or the whole
   * table.
   */
  waitsIn(path: Path): boolean {
    const isIn = ({ reason, tooLarge }: HeldBack): boolean =>
      (reason !== 'changed' && reason !== 'rejected') || tooLarge !== undefined
    return this.list.some((one) => one.path === path && isIn(one))
  }

  /** Whether the whole table waits. */
  isWhole(path: Path): boolean {
    return this.#keys.get(path) === null
  }

  /**
   * Adds the tables of `tree` whose key differs from that in `captured`. A merge finds these too, but a mirror does
   * not merge.
   */
  async addOtherKeys(
    io: Io,
    tables: readonly LinkedTable[],
    { tree, captured }: { readonly tree: Tree; readonly captured: Tree },
  ): Promise<void> {
    for (const linked of tables) {
      const { path } = linked
      const [here, there] = [await tableAt(io, tree, path), await tableAt(io, captured, path)]
      const clash = here === null || there === null ? null : otherKey(here, there, path)
      if (clash !== null) this.add(waitingTable(linked, `${clash}: give both the same key`))
    }
  }

  async addConflicts(io: Io, root: Cid | null, tables: readonly LinkedTable[]): Promise<void> {
    for await (const conflicts of scanConflicts(io.nodes, root)) {
      for (const conflict of conflicts) {
        const { path } = conflict
        const table = tables.find((one) => one.path === path)?.table.name ?? path
        if (conflict.kind === 'cell' || conflict.kind === 'row' || conflict.kind === 'key-collision') {
          const message =
            conflict.kind === 'cell'
              ? `both sides changed '${conflict.column}'`
              : conflict.kind === 'row'
                ? 'one side changed the row, the other removed it'
                : 'both sides added a row under this key'
          this.add({ table, path, key: '', keyHex: toHex(conflict.key), reason: 'conflict', message })
        } else {
          const message = conflict.kind === 'schema' ? conflict.reason : 'the two sides hold different things'
          this.add({ table, path, key: '', keyHex: '', reason: 'schema', message, isClash: true })
        }
      }
    }
  }

  /**
   * `tree`, with the held rows as `kept` has them. Columns that the tables of `kept` do not have are empty in these
   * rows, or stay as they are in `tree`.
   */
  async put(io: Io, tree: Tree, kept: Tree, others: RowCopy['others'] = 'are empty'): Promise<Tree> {
    const entries = new Map<Path, TreeEntry | null>()
    for (const [path, keys] of this.#keys) {
      if (keys === null) entries.set(path, await kept.get(path))
      else {
        const [into, from] = [await tableAt(io, tree, path), await tableAt(io, kept, path)]
        if (into !== null) entries.set(path, await withRows(io, { into, from, others }, keys))
      }
    }
    return entries.size === 0 ? tree : tree.update(io.writer, entries)
  }

  /** The held rows, with their keys as people read them. */
  async named(io: Io, tree: Tree): Promise<HeldBack[]> {
    const schemas = new Map<Path, TableObject | null>()
    for (const path of this.#keys.keys()) schemas.set(path, await tableAt(io, tree, path))
    return this.list.map((held) => {
      const schema = schemas.get(held.path)?.schema
      return schema === undefined || held.keyHex === ''
        ? held
        : { ...held, key: keyText(schema, fromHex(held.keyHex)) }
    })
  }
}

async function withRows(
  io: Io,
  tables: Omit<RowCopy, 'keys'>,
  keys: ReadonlySet<string>,
): Promise<TreeEntry> {
  const { into } = tables
  const edits = await rowCopyEdits(io, { ...tables, keys: [...keys].map(fromHex).sort(compareBytes) })
  const map = await ProllyMap.load(io.nodes, into.rows)
  const rows = (await map.mutate(io.writer, edits)).cid
  return { kind: 'table', executable: false, table: writeTable(io.writer, { ...into, rows }) }
}

// Rows of the endpoint that the dataset cannot keep because they are too large, by table, as of the last reading:
// stored in one object that is published together with what was read. So a row that waits can be told from a deleted
// one, also in rounds that do not read it. In which ways a transform made the table's columns then stands beside them:
// the version of such a row that was read earlier may have been made in others.
import type { TableWays } from '../../connectors/made-columns.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import { type UnfitRow, unfitName } from '../../formats/columnar/unfit-rows.ts'
import type { Manifest, ObjectReader, ObjectWriter } from '../../store/interface.ts'
import type { HeldRows } from '../held/held-rows.ts'
import { linkObject } from '../state.ts'
import { readJson, writeJson } from '../stored-json.ts'
import type { LinkedTable } from '../tables/link-tables.ts'

/** By name (`unfitName`). */
export type UnfitOfTable = ReadonlyMap<string, UnfitRow>

const none: UnfitOfTable = new Map()
const plain: TableWays = { columns: new Map(), filter: null }

type KeptTable = readonly [
  path: Path,
  rows: UnfitRow[],
  ways?: readonly (readonly [string, string])[],
  filter?: string,
]

export class UnfitTables {
  readonly #kept: string
  readonly #tables: Map<Path, UnfitOfTable>
  readonly #ways: Map<Path, TableWays>

  private constructor(
    tables: Map<Path, UnfitOfTable>,
    ways: Map<Path, TableWays>,
    kept = textOf(tables, ways),
  ) {
    this.#tables = tables
    this.#ways = ways
    this.#kept = kept
  }

  static async load(reader: ObjectReader, { refs }: Manifest, link: string): Promise<UnfitTables> {
    const object = refs.get(linkObject(link, 'unfit'))
    if (object === undefined) return new UnfitTables(new Map(), new Map())
    const kept = (await readJson(reader, object)) as KeptTable[]
    return new UnfitTables(
      new Map(kept.flatMap(([path, rows]) => (rows.length === 0 ? [] : [[path, named(rows)]]))),
      new Map(
        kept.flatMap(([path, , ways, filter = null]) =>
          ways === undefined ? [] : [[path, { columns: new Map(ways), filter }]],
        ),
      ),
    )
  }

  /** The same without its rows, for another endpoint. How the rows were made that were read before stays known. */
  forgotten(): UnfitTables {
    return new UnfitTables(new Map(), this.#ways, this.#kept)
  }

  /** The rows that could not be kept when the table was last read, in this round or before. */
  of(path: Path): UnfitOfTable {
    return this.#tables.get(path) ?? none
  }

  set(path: Path, rows: UnfitOfTable): void {
    if (rows.size === 0) this.#tables.delete(path)
    else this.#tables.set(path, new Map(sorted(rows)))
  }

  /** In which way the table was made when it was last read. */
  waysOf(path: Path): TableWays {
    return this.#ways.get(path) ?? plain
  }

  setWays(path: Path, ways: TableWays = plain): void {
    const { columns, filter } = ways
    if (columns.size === 0) this.#ways.delete(path)
    else this.#ways.set(path, { columns: new Map(sorted(columns)), filter })
  }

  /** Takes over the rows that the log has told of. */
  take(tables: ReadonlyMap<Path, UnfitOfTable>): void {
    for (const [path, rows] of tables) this.set(path, rows)
  }

  /** Whether they are as they were when they were last stored. */
  get areKept(): boolean {
    return textOf(this.#tables, this.#ways) === this.#kept
  }

  /** Holds these rows back on both sides. */
  hold(held: HeldRows, tables: readonly LinkedTable[]): void {
    for (const linked of tables) for (const row of this.of(linked.path).values()) holdRow(held, linked, row)
  }

  /** The object to be stored; null when nothing has changed. */
  write(writer: ObjectWriter): Cid | null {
    const text = textOf(this.#tables, this.#ways)
    return text === this.#kept ? null : writeJson(writer, text)
  }
}

/** A text that is the same for the same rows, in whatever order they were found. */
function textOf(tables: ReadonlyMap<Path, UnfitOfTable>, ways: ReadonlyMap<Path, TableWays>): string {
  const paths = [...new Set([...tables.keys(), ...ways.keys()])].sort()
  const kept = paths.map((path): KeptTable => {
    const rows = [...(tables.get(path) ?? none).values()]
    const made = ways.get(path)
    if (made === undefined) return [path, rows]
    const { columns, filter } = made
    return filter === null ? [path, rows, [...columns]] : [path, rows, [...columns], filter]
  })
  return JSON.stringify(kept)
}

function sorted<T>(entries: Iterable<readonly [string, T]>): (readonly [string, T])[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
}

function named(rows: readonly UnfitRow[]): UnfitOfTable {
  return new Map(rows.map((row) => [unfitName(row), row]))
}

function holdRow(held: HeldRows, { table, path }: LinkedTable, row: UnfitRow): void {
  const { keyHex, keyDigest, columns, bytes, bytesMax, what } = row
  const reason = 'rejected' as const
  const message = `${what}; ${bytesMax} can be kept`
  const waiting = { table: table.name, path, reason, message, tooLarge: { columns, bytes, bytesMax } }
  if (keyHex !== null) held.add({ ...waiting, key: '', keyHex })
  else held.note({ ...waiting, key: `sha256 ${keyDigest!}`, keyHex: '' })
}

// A table's digest, made by the server: SHA-256 over the SHA-256 of every row, rows ordered by their hash. A row's bytes
// say where each field begins and ends, so two tables have the same digest only if they have the same rows, or someone
// has found two inputs of one SHA-256. (Sums and exclusive ors of row hashes, which other tools take, do not promise
// that: equal ones can be computed.) Rows are put into 256 buckets by the first byte of their hash, because a server
// makes no value longer than max_allowed_packet; a bucket that is cut, and a row that is too long to be hashed, make
// that there is no digest, and the rows are read.
import { createHash } from 'node:crypto'
import type { MysqlTable } from './discover.ts'
import type { Session } from './session.ts'
import { type Family, type MysqlColumn, readExpression } from './types.ts'

/** More is too much for the buckets of a server with the usual settings. */
const digestRowsMax = 20_000_000

/** Of smaller tables many are asked for at once. */
const togetherMax = 64
const rowsTogetherMax = 50_000
const statementCharsMax = 256 << 10

/** The digests of a snapshot's tables, which are asked for one after the other, in their order. */
export class SnapshotDigests {
  readonly #session: Session
  readonly #tables: readonly MysqlTable[]
  readonly #places: ReadonlyMap<MysqlTable, number>
  /** Of tables that were not asked for yet. */
  readonly #known = new Map<MysqlTable, string | null>()
  /** A table that cannot be read stops what is asked together. */
  #isTogether = true

  constructor(session: Session, tables: readonly MysqlTable[]) {
    this.#session = session
    this.#tables = tables
    this.#places = new Map(tables.map((table, i) => [table, i]))
  }

  async of(table: MysqlTable): Promise<string | null> {
    const known = this.#known.get(table)
    if (known !== undefined) return known
    const some = this.#isTogether ? this.#from(table) : [table]
    if (some.length > 1)
      try {
        for (const [i, digest] of (await digestsOf(this.#session, some)).entries())
          this.#known.set(some[i]!, digest)
        return this.#known.get(table)!
      } catch {
        this.#isTogether = false
      }
    return (await digestsOf(this.#session, [table]))[0]!
  }

  /** The table, and those behind it that can be asked for in one statement. */
  #from(table: MysqlTable): MysqlTable[] {
    const some: MysqlTable[] = [table]
    const place = this.#places.get(table)
    if (place === undefined) return some
    let [rows, chars] = [table.rowsAbout, hashesOf(table).length]
    for (let i = place + 1; i < this.#tables.length && some.length < togetherMax; i++) {
      const next = this.#tables[i]!
      rows += next.rowsAbout
      chars += hashesOf(next).length
      if (rows > rowsTogetherMax || chars > statementCharsMax) break
      some.push(next)
    }
    return some
  }
}

async function digestsOf(session: Session, tables: readonly MysqlTable[]): Promise<(string | null)[]> {
  const together = `GROUP_CONCAT(h ORDER BY h SEPARATOR '')`
  const selects = tables.map(
    (
      table,
      i,
    ) => `(SELECT ${i}, HEX(LEFT(h, 1)) AS bucket, COUNT(*), COUNT(h), LENGTH(${together}), SHA2(${together}, 256)
       FROM (${hashesOf(table)}) hashes GROUP BY bucket)`,
  )
  const found: Bucket[][] = tables.map(() => [])
  for (const [place, ...bucket] of await session.texts(selects.join(' UNION ALL ')))
    found[Number(place)]!.push(bucket)
  return tables.map((table, i) => digestOf(table, found[i]!))
}

function hashesOf(table: MysqlTable): string {
  // Not CONCAT_WS, which leaves out what is too long to be quoted.
  const row = `CONCAT(${table.columns.map(fieldOf).join(", ',', ")})`
  // The limit keeps the server from making each hash several times.
  return `SELECT UNHEX(SHA2(${row}, 256)) AS h FROM ${table.sql} t LIMIT ${digestRowsMax + 1}`
}

type Bucket = readonly (string | null)[]

function digestOf(table: MysqlTable, buckets: readonly Bucket[]): string | null {
  const all = createHash('sha256')
  let count = 0
  for (const [bucket, rows, hashed, length, digest] of buckets.toSorted(([a], [b]) => (a! < b! ? -1 : 1))) {
    if (rows !== hashed || Number(length) !== Number(rows) * 32) return null
    count += Number(rows)
    all.update(`${bucket} ${rows} ${digest}\n`)
  }
  if (count > digestRowsMax) return null
  const shape = table.columns.map(({ name, nativeType }) => `${name} ${nativeType}`)
  return `${count} ${all.digest('hex')} ${JSON.stringify(shape)}`
}

/**
 * Over the same values that are read. Numbers, times and hashes have no comma and no quote, and what may have is quoted.
 * Bytes are hashed by themselves: MySQL quotes only what is text.
 */
function fieldOf(column: MysqlColumn): string {
  const value = readExpression(column)
  if (column.isText) return `QUOTE(CONVERT(${value} USING utf8mb4))`
  if (bytes.has(column.family)) return `IFNULL(SHA2(CAST(${value} AS BINARY), 256), '-')`
  return plain.has(column.family) ? `IFNULL(${value}, '-')` : `QUOTE(CAST(${value} AS BINARY))`
}

const bytes: ReadonlySet<Family> = new Set(['bytes', 'binary', 'geometry', 'vector'])
const plain: ReadonlySet<Family> = new Set([
  ...(['int', 'bool', 'bit', 'year', 'decimal', 'float', 'double'] as const),
  ...(['date', 'datetime', 'timestamp', 'time'] as const),
])

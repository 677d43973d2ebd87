// What a table's columns hold. SQLite's columns take any value whatever they are declared as, so a column's type is what is
// declared only where all that is stored agrees. How many values of a kind there are can be added and taken away, so the
// types of a table are known after some of its rows have changed, without a look at the others.
import type { SqliteFile } from '../../base/platform-sqlite.ts'
import type { ColumnType } from '../../table/interface.ts'
import { quoted } from './names.ts'

export interface StoredColumn {
  readonly name: string
  /** As the table's declaration says; may be empty. */
  readonly declared: string
  readonly kinds: StoredKinds
}

/** How many values there are, as SQLite stores them. */
export interface StoredKinds {
  readonly integers: number
  /** Integers that are neither 0 nor 1. */
  readonly wide: number
  readonly reals: number
  readonly texts: number
  readonly blobs: number
}

/** What a table's columns hold, in one pass over the table, within SQLite. */
export function storedColumns(
  database: SqliteFile,
  name: string,
  declared: readonly { readonly name: string; readonly type: string }[],
): { rowCount: number; columns: StoredColumn[] } {
  const columns: StoredColumn[] = []
  let rowCount = 0
  // So many results fit into one statement.
  for (let at = 0; at === 0 || at < declared.length; at += 300) {
    const part = declared.slice(at, at + 300)
    const sums = part.map((column, i) => {
      const value = quoted(column.name)
      return (
        `total(typeof(${value})='integer') i${i}, total(typeof(${value})='integer' AND ${value} NOT IN (0,1)) w${i}, ` +
        `total(typeof(${value})='real') r${i}, total(typeof(${value})='text') t${i}, total(typeof(${value})='blob') b${i}`
      )
    })
    const [row] = database.all(
      `SELECT ${['count(*) n', ...sums].join(', ')} FROM ${quoted(name)} NOT INDEXED`,
    )
    rowCount = Number(row!['n'])
    const count = (column: string): number => Number(row![column])
    part.forEach((column, i) =>
      columns.push({
        name: column.name,
        declared: column.type,
        kinds: {
          integers: count(`i${i}`),
          wide: count(`w${i}`),
          reals: count(`r${i}`),
          texts: count(`t${i}`),
          blobs: count(`b${i}`),
        },
      }),
    )
  }
  return { rowCount, columns }
}

/** The columns when rows with `less` have gone and rows with `more` have come. */
export function changedColumns(
  columns: readonly StoredColumn[],
  less: readonly StoredColumn[],
  more: readonly StoredColumn[],
): StoredColumn[] {
  return columns.map(({ name, declared, kinds }, i) => {
    const of = (kind: keyof StoredKinds): number => kinds[kind] - less[i]!.kinds[kind] + more[i]!.kinds[kind]
    return {
      name,
      declared,
      kinds: {
        integers: of('integers'),
        wide: of('wide'),
        reals: of('reals'),
        texts: of('texts'),
        blobs: of('blobs'),
      },
    }
  })
}

/** What SQLite's typeof says of all values that are not NULL; null: more than one thing. */
export function onlyKind({ kinds: { integers, reals, texts, blobs } }: StoredColumn): string | null {
  const all = integers + reals + texts + blobs
  if (integers === all) return 'integer'
  if (reals === all) return 'real'
  return texts === all ? 'text' : blobs === all ? 'blob' : null
}

export function typeOfStored({ declared, kinds }: StoredColumn): ColumnType {
  const sqlType = declared.toUpperCase()
  const { integers, reals, texts, blobs } = kinds
  const all = integers + reals + texts + blobs
  if (/\bJSON\b/.test(sqlType)) return 'json'
  if (all === 0) return typeDeclared(sqlType)
  if (integers === all)
    return /\bBOOL/.test(sqlType) && kinds.wide === 0 ? 'bool' : isReal(sqlType) ? 'float' : 'int'
  if (texts + blobs === 0) return 'float'
  if (blobs === all) return 'bytes'
  if (texts === all && /^(DATE|TIMESTAMP|DATETIME)\b/.test(sqlType))
    return sqlType.startsWith('DATE') && !sqlType.startsWith('DATETIME') ? 'date' : 'timestamp'
  return isReal(sqlType) && blobs === 0 ? 'float' : 'text'
}

/** The type that a declared one means: by SQLite's rules of affinity, and by names that people use beside them. */
function typeDeclared(sqlType: string): ColumnType {
  if (/\bBOOL/.test(sqlType)) return 'bool'
  if (sqlType.includes('INT')) return 'int'
  if (isReal(sqlType)) return 'float'
  if (/DEC|NUMERIC/.test(sqlType)) return 'decimal'
  if (sqlType.includes('BLOB')) return 'bytes'
  if (/^(TIMESTAMP|DATETIME)\b/.test(sqlType)) return 'timestamp'
  return /^DATE\b/.test(sqlType) ? 'date' : 'text'
}

function isReal(sqlType: string): boolean {
  return /REAL|FLOA|DOUB/.test(sqlType)
}

// The columns of a JSON Lines file: the names of all its properties in the order in which they are first seen. They
// grow while the file is read; a column found late has the highest id, so rows packed before stay as they are.
import { utf8, utf8Text } from '../../base/bytes.ts'
import type { CellKind, ColumnType, Schema } from '../../table/interface.ts'
import { columnsMax, evolveSchema } from '../../table/schema.ts'
import { NotATable } from '../not-a-table.ts'
import { isWellFormed, parsedString } from './scan.ts'

/** Plain data, for it goes to threads. */
export interface KnownColumns {
  readonly key: readonly string[]
  /** Schema of the version before. */
  readonly previous: Schema | null
  /** Columns that came since. */
  readonly more: readonly string[]
}

/** All columns, those that were known first. */
export interface SeenColumns {
  readonly names: readonly string[]
  readonly kinds: readonly (readonly ColumnKind[])[]
}

type ColumnKind = CellKind | 'int'

export class JsonlColumns {
  readonly names: string[]
  /** By column: place among the row's cells or -1, and place in the key or -1. */
  readonly valuePlace: number[] = []
  readonly keyPlace: number[] = []
  readonly #key: readonly string[]
  readonly #previous: Schema | null
  /** Raw names (between the quotes, as latin1) seen so far. */
  readonly #rawNames: Uint8Array[] = []
  readonly #byRawName = new Map<string, number>()
  readonly #byName = new Map<string, number>()
  readonly #kinds: Set<ColumnKind>[] = []
  readonly #lastKind: ColumnKind[] = []
  #values = 0

  constructor({ key, previous, more }: KnownColumns) {
    this.#key = key
    this.#previous = previous?.cells === 'typed' ? previous : null
    this.names = []
    const known = this.#previous?.columns ?? []
    // Cells lie by id, and the file's order is the order of columns: both are kept from the version before.
    for (const { name } of known) this.#add(name)
    const byId = known.filter(({ name }) => !key.includes(name)).sort((a, b) => a.id - b.id)
    byId.forEach(({ name }, place) => (this.valuePlace[this.#byName.get(name)!] = place))
    for (const name of more) this.#add(name)
  }

  known(): KnownColumns {
    const more = this.names.slice(this.#previous?.columns.length ?? 0)
    return { key: this.#key, previous: this.#previous, more }
  }

  seen(): SeenColumns {
    return { names: this.names, kinds: this.#kinds.map((kinds) => [...kinds]) }
  }

  /** What was seen by one who began with the columns `known`; false where others have come since, and are not all there are. */
  take({ names, kinds }: SeenColumns, { previous, more }: KnownColumns): boolean {
    const before = (previous?.columns.length ?? 0) + more.length
    if (names.length > before && this.names.length > before) return false
    for (const name of names.slice(before)) this.#add(name)
    kinds.forEach((ofColumn, column) => ofColumn.forEach((kind) => this.saw(column, kind)))
    return true
  }

  /** Types that the version before had, by place in the key and among the row's cells; null: of a column that it had not. */
  knownTypes(): { keyTypes: (ColumnType | null)[]; types: (ColumnType | null)[] } {
    const typeOf = new Map(this.#previous?.columns.map(({ name, type }) => [name, type]))
    const types = Array.from({ length: this.#values }, (): ColumnType | null => null)
    for (const [column, place] of this.valuePlace.entries())
      if (place >= 0) types[place] = typeOf.get(this.names[column]!) ?? null
    return { keyTypes: this.#key.map((name) => typeOf.get(name) ?? null), types }
  }

  get valueCount(): number {
    return this.#values
  }

  /** Column of the property whose raw name is src[start..end); `guess` is the column that it most likely is. */
  columnOf(src: Uint8Array, start: number, end: number, guess: number): number {
    return this.#isNamed(guess, src, start, end) ? guess : this.#sought(src, start, end)
  }

  #isNamed(column: number, src: Uint8Array, start: number, end: number): boolean {
    const raw = this.#rawNames[column]
    if (raw === undefined || raw.length !== end - start) return false
    for (let i = 0; i < raw.length; i++) if (raw[i] !== src[start + i]) return false
    return true
  }

  #sought(src: Uint8Array, start: number, end: number): number {
    let raw = ''
    for (let i = start; i < end; i++) raw += String.fromCharCode(src[i]!)
    const known = this.#byRawName.get(raw)
    if (known !== undefined) return known
    const name = nameOf(src.subarray(start, end), raw)
    const column = this.#byName.get(name) ?? this.#add(name)
    this.#byRawName.set(raw, column)
    this.#rawNames[column] ??= src.slice(start, end)
    return column
  }

  saw(column: number, kind: ColumnKind): void {
    if (this.#lastKind[column] === kind) return
    this.#lastKind[column] = kind
    this.#kinds[column]!.add(kind)
  }

  /** Whether numbers of this column need not be looked at any more. */
  hasFractions(column: number): boolean {
    return this.#kinds[column]!.has('number')
  }

  found(): { name: string; type: ColumnType | null }[] {
    return this.names.map((name, i) => ({ name, type: typeOfKinds(this.#kinds[i]!) }))
  }

  schema(): Schema {
    const typeOf = (_: string, i: number): ColumnType | null => typeOfKinds(this.#kinds[i]!)
    return evolveSchema({ names: this.names, key: this.#key, cells: 'typed', typeOf }, this.#previous)
  }

  #add(name: string): number {
    const column = this.names.length
    if (column >= columnsMax) throw new NotATable(`it has more than ${columnsMax} different properties`)
    this.names.push(name)
    this.#byName.set(name, column)
    this.#kinds.push(new Set())
    const place = this.#key.indexOf(name)
    this.keyPlace.push(place)
    this.valuePlace.push(place < 0 ? this.#values++ : -1)
    return column
  }
}

function nameOf(bytes: Uint8Array, raw: string): string {
  if (!raw.includes('\\')) return utf8Text(bytes)
  const name = parsedString(utf8(`"${utf8Text(bytes)}"`))
  if (name === null || !isWellFormed(name)) throw new NotATable('a property name is not Unicode text')
  return name
}

function typeOfKinds(kinds: ReadonlySet<ColumnKind>): ColumnType | null {
  const seen = [...kinds].filter((kind) => kind !== 'null')
  if (seen.length === 0) return null
  if (seen.every((kind) => kind === 'true' || kind === 'false')) return 'bool'
  if (seen.every((kind) => kind === 'int')) return 'int'
  if (seen.every((kind) => kind === 'int' || kind === 'number')) return 'decimal'
  return seen.includes('json') ? 'json' : 'text'
}

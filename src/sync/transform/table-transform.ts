// One table's transform: the table as the dataset sees it, and how its rows become the dataset's. What a column may be
// is settled before the first row is read: a misspelt name stops the table, and lets nothing through.
import { VarveError, isVarveError } from '../../base/errors.ts'
import { maskText } from '../../dataset/mask.ts'
import type { ColumnTransform, TableTransform } from '../../dataset/interface.ts'
import type { EndpointColumn, EndpointTable } from '../../connectors/interface.ts'
import type { AskedColumns, KnownColumn, MadeColumns, TableWays } from '../../connectors/made-columns.ts'
import { columnPlaces } from '../../table/column-places.ts'
import { nullCell, trueCell } from '../../table/cell.ts'
import type { Cell } from '../../table/interface.ts'
import { RowExpressions } from './expressions.ts'
import { cellMaskOf } from './mask.ts'
import { type Maker, madeCell, plainWay, remakingOf, wayOf, wayText } from './ways.ts'

interface OutColumn extends Maker {
  readonly column: EndpointColumn
  /** The place of its cell: that of a column of the endpoint, or of a computed one after these. */
  readonly at: number
}

export class TransformedTable {
  /** As the endpoint has it. */
  readonly source: EndpointTable
  /** As the dataset sees it. */
  readonly table: EndpointTable
  readonly #columns: readonly OutColumn[]
  /** Those of the key, in its order. */
  readonly #keys: readonly OutColumn[]
  readonly #expressions: RowExpressions | null
  /** Its place among the expressions. */
  readonly #where: number | null
  readonly #filter: string | null

  private constructor(
    source: EndpointTable,
    columns: readonly OutColumn[],
    expressions: RowExpressions | null,
    filter: { readonly sql: string | null; readonly at: number },
  ) {
    this.source = source
    this.#columns = columns
    this.#expressions = expressions
    this.#where = filter.sql === null ? null : filter.at
    this.#filter = filter.sql
    this.#keys = columnPlaces(source.columns, source.key).map((place, i) => {
      const out = columns.find(({ at }) => at === place)
      if (out !== undefined) return out
      throw fault(source.name, `column '${source.key[i]!}' is of the key and cannot be left out`)
    })
    const key = this.#keys.map(({ column }) => column.name)
    this.table = { ...source, columns: columns.map(({ column }) => column), key, made: this.#made() }
  }

  /** @throws VarveError VARVE_RULE_VIOLATED, VARVE_REFUSED (a mask needs a secret) */
  static async create(
    source: EndpointTable,
    transform: TableTransform,
    secret: string | undefined,
    create: typeof RowExpressions.create = RowExpressions.create.bind(RowExpressions),
  ): Promise<TransformedTable> {
    checkNames(source, transform)
    const { where } = transform
    const computed = transform.columns.flatMap(({ column, compute }) =>
      compute === null ? [] : [{ name: column, sql: compute }],
    )
    const wanted = where === null ? computed : [...computed, { name: 'where', sql: `(${where}\n) IS TRUE` }]
    const needed = wanted.length === 0 ? withoutUnlogged(source, transform) : source
    const expressions = wanted.length === 0 ? null : await create(source.columns, wanted, source.name)
    const columns = outColumns(needed, transform, secret)
    return new TransformedTable(needed, columns, expressions, { sql: where, at: computed.length })
  }

  /** The endpoint's table with the columns that the dataset has, in the dataset's order, as a write needs it. */
  get written(): EndpointTable {
    const { columns, key } = this.source
    return { ...this.source, columns: this.#columns.map(({ at }) => columns[at]!), key }
  }

  /**
   * Transforms rows; null for a row that the filter leaves out.
   * @throws VarveError VARVE_RULE_VIOLATED when a cast fails
   */
  rows(batch: readonly (readonly Cell[])[]): (Cell[] | null)[] {
    const computed = this.#expressions?.results(batch) ?? []
    const width = this.source.columns.length
    return batch.map((cells, i) => {
      const unknown = this.#expressions === null ? undefined : cells.find(({ tooLarge }) => tooLarge)
      const own = computed[i] ?? []
      if (unknown !== undefined) return this.#isLeftOut(cells, own) ? null : this.#opaque(cells, unknown)
      if (this.#where !== null && !isTrue(own[this.#where]!)) return null
      return this.#columns.map((out) =>
        this.#cellOf(out, out.at < width ? cells[out.at]! : own[out.at - width]!),
      )
    })
  }

  /**
   * Transforms a row of which only some columns are given (null: as before). Undefined when a computed column, or
   * the filter, may need the others.
   */
  patch(cells: readonly (Cell | null)[]): (Cell | null)[] | undefined {
    if (this.#expressions !== null) return undefined
    return this.#columns.map((out) => {
      const cell = cells[out.at]!
      return cell === null ? null : this.#cellOf(out, cell)
    })
  }

  /** Makes the dataset's cells of the key out of the endpoint's. */
  key(cells: readonly Cell[]): Cell[] {
    return this.#keys.map((out, i) => this.#cellOf(out, cells[i]!))
  }

  close(): void {
    this.#expressions?.close()
  }

  /** Whether the filter says so without the values that were not taken in. */
  #isLeftOut(cells: readonly Cell[], own: readonly Cell[]): boolean {
    if (this.#where === null) return false
    const asked = [...this.#expressions!.mentioned(this.#where)]
    return asked.every((place) => cells[place]!.tooLarge === undefined) && !isTrue(own[this.#where]!)
  }

  /**
   * Transforms a row of which a value was too large to be read. Nothing can be computed from it, so it cannot be
   * kept either.
   */
  #opaque(cells: readonly Cell[], { tooLarge }: Cell): Cell[] {
    if (this.#columns.every((out) => this.#keys.includes(out)))
      throw fault(
        this.source.name,
        `a value of ${tooLarge!} bytes is too large to be asked whether its row is taken`,
      )
    return this.#columns.map((out) =>
      this.#keys.includes(out) ? this.#cellOf(out, cells[out.at]!) : { ...nullCell, tooLarge: tooLarge! },
    )
  }

  #cellOf(out: OutColumn, cell: Cell): Cell {
    // Neither masked nor cast: there is nothing in it.
    if (cell.tooLarge !== undefined) return cell
    const made = madeCell(out, cell)
    if (made !== null) return made
    // Which value it is stays unsaid: it may be what a mask is there for.
    throw fault(this.source.name, `column '${out.column.name}' has a value that is not of type ${out.cast!}`)
  }

  #made(): MadeColumns {
    const columns = new Map(this.#columns.map((out) => [out.column.name, out]))
    const texts = new Map([...columns].map(([name, { way }]) => [name, wayText(way)]))
    return {
      ways: { columns: texts, filter: this.#filter },
      remaking: (name, before) => remakingOf(columns.get(name), name, before),
      asking: (known, before) =>
        this.#filter === null || this.#filter === before.filter ? null : this.#asking(known, before),
    }
  }

  #takes(row: readonly Cell[]): boolean {
    try {
      return isTrue(this.#expressions!.results([row])[0]![this.#where!]!)
    } catch (error) {
      // It can be asked no more than one that lacks a column.
      if (isVarveError(error, 'VARVE_RULE_VIOLATED')) return false
      throw error
    }
  }

  /** What the filter needs of rows that were made in another way; where they do not have it, none is taken. */
  #asking(known: readonly KnownColumn[], before: TableWays): AskedColumns {
    const { columns } = this.source
    const needed = [...this.#expressions!.mentioned(this.#where!)]
    const found = needed.map((place) => {
      const { name, type } = columns[place]!
      return known.find((one) => one.type === type && wayOf(one.name, before) === wayText(plainWay(name)))
    })
    return {
      columns: found.filter((column) => column !== undefined),
      taken: (rows) => {
        if (found.includes(undefined)) return rows.map(() => false)
        const whole = rows.map((cells) => {
          const row = columns.map((): Cell => nullCell)
          for (const [i, place] of needed.entries()) row[place] = cells[i]!
          return row
        })
        return whole.map((row) => this.#takes(row))
      },
    }
  }
}

function isTaken(name: string, { select, omit }: TableTransform): boolean {
  return (select === null || select.includes(name)) && !omit.includes(name)
}

/** The table without what its log leaves out and the dataset does not take: then the log says all that is asked for. */
function withoutUnlogged(source: EndpointTable, transform: TableTransform): EndpointTable {
  const columns = source.columns.filter(
    ({ name, isUnlogged }) => isUnlogged !== true || isTaken(name, transform),
  )
  return columns.length === source.columns.length ? source : { ...source, columns }
}

function outColumns(
  source: EndpointTable,
  transform: TableTransform,
  secret: string | undefined,
): OutColumn[] {
  const settings = new Map(transform.columns.map((one) => [one.column, one]))
  const taken = source.columns.flatMap((column, at) =>
    isTaken(column.name, transform) ? [outColumn(column, at, settings.get(column.name), secret)] : [],
  )
  const computed = transform.columns.filter(({ compute }) => compute !== null)
  const added = computed.map((setting, i) => {
    const column: EndpointColumn = {
      name: setting.column,
      type: setting.cast ?? 'text',
      nativeType: 'computed',
      nullable: true,
      generated: true,
    }
    return outColumn(column, source.columns.length + i, { ...setting, cast: column.type }, secret)
  })
  const all = [...taken, ...added]
  const names = all.map(({ column }) => column.name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw fault(source.name, `two columns would be called '${twice}'`)
  return all
}

function outColumn(
  column: EndpointColumn,
  at: number,
  setting: ColumnTransform | undefined,
  secret: string | undefined,
): OutColumn {
  if (setting === undefined) return { column, at, masking: null, cast: null, way: plainWay(column.name) }
  const { mask, cast, rename, compute } = setting
  const masking = mask === null ? null : cellMaskOf(mask, column.type, secret)
  const type = cast ?? masking?.type ?? column.type
  const words = [column.nativeType, ...(mask === null ? [] : [maskText(mask)])]
  // What the transform has made is spelled by it.
  const hasOneSpelling = column.hasOneSpelling === true && cast === null && mask === null
  const nativeType = words.join(', masked: ')
  const made = { ...column, name: rename ?? column.name, type, nativeType, hasOneSpelling }
  const way = { of: column.name, compute, mask: mask && maskText(mask), cast }
  return { column: made, at, masking, cast, way }
}

function checkNames(source: EndpointTable, { select, omit, columns }: TableTransform): void {
  const known = new Set(source.columns.map(({ name }) => name))
  const computed = columns.filter(({ compute }) => compute !== null).map(({ column }) => column)
  const there = columns.filter(({ compute }) => compute === null).map(({ column }) => column)
  const missing = [...(select ?? []), ...omit, ...there].find((name) => !known.has(name))
  if (missing !== undefined) {
    throw fault(
      source.name,
      `the transform speaks of a column '${missing}', which the endpoint has not`,
      `its columns: ${[...known].slice(0, 20).join(', ')}`,
    )
  }
  const doubled = computed.find((name) => known.has(name))
  if (doubled !== undefined)
    throw fault(source.name, `the endpoint has a column '${doubled}' that would be computed`)
}

function isTrue(cell: Cell): boolean {
  return cell.kind === trueCell.kind || (cell.kind === 'number' && cell.bytes[0] === 0x31)
}

function fault(table: string, words: string, hint?: string): VarveError {
  return new VarveError('VARVE_RULE_VIOLATED', `${table}: ${words}`, {
    data: { table },
    ...(hint === undefined ? {} : { hint }),
  })
}

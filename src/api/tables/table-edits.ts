// A table inside a transaction: puts and deletes are gathered and applied at once; reads in the transaction see them.
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import { yieldIfDue } from '../../base/turns.ts'
import type { TableEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import { keyNames } from '../../table/key.ts'
import { applyEdits, editsOf, newTable } from '../../table/edits.ts'
import type { Row, Schema, Value } from '../../table/interface.ts'
import { checkGiven, checkNames } from '../../table/schema.ts'
import { writeTable } from '../../table/table-object.ts'
import { Table } from '../../table/table.ts'
import type { Key, KeyRangeOptions, NewTable, TableView, TableWriter } from './data.ts'
import { findTable, noTable } from '../../repo/find-table.ts'
import { keyParts, viewOf } from './snapshot.ts'

type InputRow = Readonly<Record<string, Value>>
type Step = { readonly put: Row } | { readonly delete: readonly Value[] }

const stepsMax = 20_000

interface Current {
  readonly path: string
  readonly executable: boolean
  readonly table: Table
}

export class TableEdits implements TableWriter {
  readonly #io: Io
  readonly #tree: Tree
  readonly #name: string
  readonly #created: NewTable | null
  readonly #signal: AbortSignal | undefined
  /** Paths that were removed before the table was asked for. */
  readonly gone: ReadonlySet<string>
  /** By turns: a put after a delete of the same key counts, and the other way round. */
  #steps: Step[] = []
  #current: Current | null = null
  #changed = false

  constructor(
    io: Io,
    { tree, gone }: { readonly tree: Tree; readonly gone: ReadonlySet<string> },
    name: string,
    {
      created = null,
      signal,
    }: { readonly created?: NewTable | null; readonly signal: AbortSignal | undefined },
  ) {
    this.#io = io
    this.#tree = tree
    this.gone = gone
    this.#name = name
    this.#created = created
    this.#signal = signal
  }

  put(row: InputRow): void {
    if (typeof row !== 'object' || row === null) throw new TypeError('a row is an object of values by column')
    // A copy: the caller may use its object again.
    this.#steps.push({ put: Object.assign(Object.create(null) as Record<string, Value>, row) })
  }

  async putAll(rows: Iterable<InputRow> | AsyncIterable<InputRow>): Promise<number> {
    let count = 0
    for await (const row of rows) {
      this.put(row)
      count++
      if (this.#steps.length >= stepsMax) await this.#apply()
    }
    return count
  }

  delete(key: Key): void {
    this.#steps.push({ delete: keyParts(key) })
  }

  async open(): Promise<TableView> {
    return viewOf(await this.#apply())
  }

  async get(key: Key): Promise<Row | null> {
    return (await this.open()).get(key)
  }

  async getMany(keys: readonly Key[]): Promise<(Row | null)[]> {
    return (await this.open()).getMany(keys)
  }

  async *scan(range: KeyRangeOptions = {}): AsyncGenerator<Row> {
    yield* (await this.open()).scan(range)
  }

  async count(): Promise<number> {
    return (await this.#apply()).table.count
  }

  /** The tree's entry for the table as it is now; null when nothing changed. */
  async finish(): Promise<{ path: string; entry: TableEntry } | null> {
    if (this.#steps.length === 0 && this.#current === null && this.#created === null) return null
    const { path, executable, table } = await this.#apply()
    if (!this.#changed) return null
    return { path, entry: { kind: 'table', executable, table: writeTable(this.#io.writer, table.object) } }
  }

  async #apply(): Promise<Current> {
    await yieldIfDue()
    throwIfAborted(this.#signal)
    const steps = this.#steps
    this.#steps = []
    this.#current ??= await this.#start(steps.flatMap((step) => ('put' in step ? [step.put] : [])))
    for (let at = 0; at < steps.length;) {
      const isPut = isPutStep(steps[at])
      let end = at
      while (end < steps.length && isPutStep(steps[end]) === isPut) end++
      await this.#applyRun(steps.slice(at, end))
      at = end
    }
    return this.#current
  }

  async #applyRun(steps: readonly Step[]): Promise<void> {
    const options = { signal: this.#signal }
    const { writer, nodes } = this.#io
    const puts = steps.flatMap((step) => ('put' in step ? [step.put] : []))
    const deletes = steps.flatMap((step) => ('delete' in step ? [step.delete] : []))
    const before = this.#current!.table
    const schema = widened(before.schema, puts)
    const table = schema === before.schema ? before : await Table.of(nodes, { ...before.object, schema })
    const edits = await editsOf(table, { puts, deletes }, writer, options)
    const object = await applyEdits(table, edits, writer, options)
    await writer.drained()
    if (object.rows === before.object.rows && schema === before.schema) return
    this.#changed = true
    this.#current = { ...this.#current!, table: await Table.of(nodes, object) }
  }

  async #start(rows: readonly Row[]): Promise<Current> {
    const { nodes, writer } = this.#io
    const inTree = await findTable(this.#tree, this.#name)
    const found = inTree !== null && this.gone.has(inTree.path) ? null : inTree
    if (this.#created === null) {
      if (found === null) throw noTable(this.#name, null)
      return { path: found.path, executable: found.executable, table: await Table.load(nodes, found.table) }
    }
    if (found !== null) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `there is a table '${found.path}' already`, {
        hint: 'open it with tx.table(NAME)',
      })
    }
    this.#changed = true
    const table = await Table.of(nodes, newTable(nodes, writer, { ...this.#created, rows }))
    return { path: this.#name, executable: false, table }
  }
}

function isPutStep(step: Step | undefined): boolean {
  return step !== undefined && 'put' in step
}

/** The schema with the columns that the rows have and it has not: new ids, at the end. */
function widened(schema: Schema, rows: readonly Row[]): Schema {
  const known = new Set(schema.columns.map((column) => column.name))
  const names = new Set(rows.flatMap((row) => Object.keys(row)))
  const fresh = [...names].filter((name) => !known.has(name))
  if (fresh.length === 0) return schema
  const { nextColumnId } = schema
  const columns = fresh.map((name, i) => ({ id: nextColumnId + i, name, type: columnTypeOf(rows, name) }))
  checkGiven(columns)
  const all = [...schema.columns, ...columns]
  checkNames(
    all.map(({ name }) => name),
    keyNames(schema),
  )
  return { ...schema, columns: all, nextColumnId: nextColumnId + fresh.length }
}

function columnTypeOf(rows: readonly Row[], name: string): Schema['columns'][number]['type'] {
  const value = rows.map((row) => row[name]).find((cell) => cell !== undefined && cell !== null)
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'decimal'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'object') return value instanceof Uint8Array ? 'bytes' : 'json'
  return 'text'
}

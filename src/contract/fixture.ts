// What the contract suite of connectors needs from a kind of endpoint: a fresh one, a way to write to it as somebody else
// does, and its rows as the system itself shows them. Rows are texts by column; null is no value.
import type { CellKind, ColumnType } from '../table/interface.ts'
import type { Connector, ConnectorKind } from '../connectors/interface.ts'

export interface ConnectorFixture {
  /** 'PostgreSQL' */
  readonly name: string
  /** Why it cannot run here, for the tests' names; '' when it can. */
  readonly without: string
  readonly features: ReadonlySet<Feature>
  /** Names that tables cannot have here. */
  readonly impossibleNames?: readonly string[]
  /** The largest cell that it holds, where that is less than 8 MiB. */
  readonly cellBytesMax?: number
  readonly values: readonly ValueCase[]
  readonly refusals: readonly Refusal[]
  start(): Promise<FixtureHost>
}

/** What not every system has. A test of what is missing is not run, and says so in its name. */
export type Feature =
  | 'unique'
  /** What exchanges unique values goes through in one plan. */
  | 'unique swaps'
  | 'foreign keys'
  /** Children can go over to another parent in the plan that deletes their own. */
  | 'cascades'
  | 'checks'
  | 'generated columns'
  | 'triggers'
  | 'tables without a key'
  | 'one moment over all tables'
  | 'digest'
  /** Another client can write to other rows while a plan is applied; else it waits until the plan is through. */
  | 'writers amid a plan'
  | 'a line that can be cut'
  | 'sequences'
  /** More than a table of the dataset can hold. */
  | 'values of more than 16 MiB'
  /** After a kill its log is read on; else the tables are compared once. */
  | 'a log that is read on after a kill'

/** A value of a native type, and the cell that it is. */
export interface ValueCase {
  readonly type: string
  readonly columnType: ColumnType
  /** As the system's own language has it: `'1 day'::interval`. */
  readonly literal: string
  readonly cell: readonly [kind: CellKind, text: string]
}

/** A cell that a column of this type cannot hold: it is refused by name, never changed into something else. */
export interface Refusal {
  readonly type: string
  readonly cell: readonly [kind: CellKind, text: string]
}

export interface FixtureHost {
  fresh(): Promise<Endpoint>
  stop(): Promise<void>
}

export interface Endpoint {
  readonly url: string
  /** Where its credentials are. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Set if the kind is not one of Varve's own. */
  readonly connectors?: readonly ConnectorKind[]
  open(): Promise<Connector>
  create(...tables: readonly TableShape[]): Promise<void>
  /** As another client does, in one transaction where there are any. A row that is there is changed, not replaced. */
  write(...writes: readonly Write[]): Promise<void>
  /** As the system itself shows them, sorted by their first column. */
  rows(table: string): Promise<PlainRow[]>
  /** A table (id, v) with a row a literal, ids from 1. */
  createValues(table: string, type: string, literals: readonly string[]): Promise<void>
  /** Its rows, each as one text that shows every difference, in the order of their ids. */
  shownValues(table: string): Promise<string[]>
  /** 'triggers': from now on `column` is written in capitals, whatever is sent. */
  capitalize(table: string, column: string): Promise<void>
  /** Copies all that it holds, also what links keep there; answers with a function that brings that back. */
  backup(): Promise<() => Promise<void>>
  /** 'a line that can be cut': ends all connections but the fixture's own. */
  cut(): Promise<void>
  /** The fixture's own connection. */
  close(): Promise<void>
}

export type PlainRow = Readonly<Record<string, string | null>>
export type Write =
  | { readonly table: string; readonly put: PlainRow }
  | { readonly table: string; readonly remove: PlainRow }

export interface TableShape {
  readonly name: string
  readonly key: readonly string[]
  readonly unique?: readonly (readonly string[])[]
  readonly columns: readonly ColumnShape[]
}

export interface ColumnShape {
  readonly name: string
  /** 'name': text short enough for a key. */
  readonly type: 'int' | 'name' | 'text'
  readonly nullable?: boolean
  /** Its key `id`. */
  readonly references?: string
  readonly onDelete?: 'cascade' | 'set null'
  /** A check that an int is below it. */
  readonly below?: number
  /** Generated: twice this column. */
  readonly twice?: string
  /** Numbers it gives out by itself. */
  readonly serial?: boolean
}

/** Bytes of a value that the dataset cannot hold. */
export const tooLarge: number = (16 << 20) + 1

export const people: TableShape = {
  name: 'people',
  key: ['id'],
  columns: [
    { name: 'id', type: 'int' },
    { name: 'name', type: 'text', nullable: true },
    { name: 'age', type: 'int', nullable: true, below: 150 },
  ],
}

export function person(id: number, name: string | null, age: number | null): PlainRow {
  return { id: String(id), name, age: age === null ? null : String(age) }
}

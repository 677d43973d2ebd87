// What a link declares of tables whose system does not tell it: keys and types of files, and where the tables of an HTTP
// API and of an inbox are. dataset/interface.ts, which stands above, has the same as `varve.yaml` writes it.
import type { ColumnType } from '../table/interface.ts'

export interface DeclaredTable {
  readonly table: string
  readonly key?: readonly string[]
  readonly columns?: readonly { readonly name: string; readonly type: ColumnType }[]
}

export interface HttpTable extends DeclaredTable {
  readonly path?: string
  readonly items?: string
  readonly next?: string
  readonly parameter?: string
}

export interface InboxTable extends DeclaredTable {
  readonly items?: string
  readonly when?: readonly ValueRule[]
  readonly deletes?: readonly ValueRule[]
  readonly patches?: readonly ValueRule[]
}

export interface ValueRule {
  readonly path: string
  readonly values: readonly string[]
}

// What varve.yaml says: which files are tables, by which key, and how their merges decide what three versions alone
// leave open. It is committed with the dataset, so whoever merges it, with files or without, merges it alike.
import type { Path } from '../files/interface.ts'
import type { ColumnType, JsonValue } from '../table/interface.ts'
import type { ColumnarName } from './columnar-name.ts'
import type { HttpAuth } from './http-auth.ts'

export type { HttpAuth } from './http-auth.ts'

export const configFileName = 'varve.yaml'

export type FormatName = 'csv' | 'tsv' | 'jsonl'

export interface TableSetting {
  readonly key: readonly string[]
  /** null: by the file's extension. */
  readonly format: FormatName | null
}

/** A file that stays a file; diff matches its rows by this key. */
export interface FileSetting {
  readonly key: readonly string[]
  readonly format: ColumnarName
}

export interface DatasetConfig {
  /** The setting that holds for a path: its own, or that of the last pattern that matches it. */
  tableAt(path: Path): TableSetting | null
  /** The same for Parquet and SQLite files, which are not tables. */
  fileAt(path: Path): FileSetting | null
  /** Columns of this table that hold keys of other tables, and of which. */
  referencesAt(path: Path): ReadonlyMap<string, Path>
  /** null when none are declared: then every clash is a conflict. */
  policiesAt(path: Path): TablePolicies | null
  /** What its rows have to be; null: nothing is said beyond the key. */
  rulesAt(path: Path): TableRules | null
  /** Tables with rules that are named by their own path, not by a pattern. */
  readonly ruledPaths: readonly Path[]
  /** Live systems that tables are kept in step with, by name. */
  readonly links: ReadonlyMap<string, LinkSetting>
  /** Tables that are computed from others, by path. */
  readonly derivations: ReadonlyMap<Path, Derivation | FunctionDeclaration>
  /** Whether it names no table. */
  readonly isEmpty: boolean
}

/**
 * 'capture': the endpoint's changes come into the branch. 'materialize': the branch's changes go to the endpoint, whose
 * own stay what they are. 'mirror': the endpoint becomes what the branch is. 'two-way': changes of both go to both.
 */
export type LinkMode = 'capture' | 'materialize' | 'mirror' | 'two-way'

export const linkModes: readonly LinkMode[] = ['capture', 'materialize', 'mirror', 'two-way']

/** 'log': by the endpoint's own log of changes, or where it has none by triggers that write one (SQLite). 'compare': by reading the tables, or their digests, in each round. */
export type LinkChanges = 'log' | 'compare'

export const linkChanges: readonly LinkChanges[] = ['log', 'compare']

export interface TableCursor {
  /** As the endpoint calls it. */
  readonly table: string
  /** Grows with each change of a row. */
  readonly column: string
  /** How far behind the largest value rows may still come in. Default: 5 minutes; a column of numbers has none. */
  readonly lag?: CursorLag
  /** All rows are read and compared this often, in ms. Default: never. */
  readonly fullMs?: number
  /** A row for which all of these hold is only marked as deleted, and counts as gone. Default: none is. */
  readonly deletes?: readonly ValueRule[]
}

/** In ms for times, in the column's own numbers otherwise. */
export type CursorLag = { readonly ms: number } | { readonly units: number }

export const webhookSignatures = ['standard', 'github', 'stripe', 'shopify'] as const
export type WebhookSignature = (typeof webhookSignatures)[number]

export interface LinkSetting {
  /** URL without a password. */
  readonly endpoint: string
  readonly mode: LinkMode
  /** As the endpoint calls them. */
  readonly tables: readonly string[]
  /** Folder of the dataset for the tables: 'shop' makes 'shop/orders'. '' is the root. */
  readonly into: Path
  /** null: the branch that is checked out. */
  readonly branch: string | null
  /**
   * 'each': every transaction that the endpoint's log tells is a commit of the branch ('capture', 'two-way'), every commit
   * of the branch is a transaction there, or is told by itself ('materialize', 'mirror'). Default: from then to now at once.
   */
  readonly commits?: 'each' | undefined
  /** What is done to rows between the endpoint and the dataset; tables that are not named are taken as they are. */
  readonly transform?: readonly TableTransform[] | undefined
  /** For a link to files: its tables. */
  readonly files?: readonly DeclaredTable[] | undefined
  /** For a link to an HTTP API: its tables. */
  readonly http?: readonly HttpTable[] | undefined
  /** For a link to an HTTP API: where its access tokens are had. */
  readonly auth?: HttpAuth | undefined
  /** How webhooks that come in for the link are signed. Default: 'standard' (standardwebhooks.com). */
  readonly signature?: WebhookSignature | undefined
  /** For a link to an inbox of webhooks: its tables. */
  readonly inbox?: readonly InboxTable[] | undefined
  /**
   * Tables of which only those rows are read that a column shows to be new: what is gone is not seen. Mode
   * 'capture'.
   */
  readonly cursor?: readonly TableCursor[] | undefined
  /** How the endpoint's changes are found; unset: by its log once the link was followed, else by comparing. */
  readonly changes?: LinkChanges | undefined
}

/** What the files of a table do not say themselves. */
export interface DeclaredTable {
  /** As the link calls it. */
  readonly table: string
  /** Default: what tells its rows apart. */
  readonly key?: readonly string[]
  /** Columns with their types, as far as their cells do not show them; all of them for a file that is to be made. */
  readonly columns?: readonly { readonly name: string; readonly type: ColumnType }[]
}

export const httpCounts = ['pages', 'items'] as const
export type HttpCount = (typeof httpCounts)[number]

/** How a table lies in the answers of an HTTP API. */
export interface HttpTable extends DeclaredTable {
  /** Under the endpoint's URL, with its query. Default: the table's name. */
  readonly path?: string
  /** Where in an answer the list of rows is: 'data.items'. Default: the answer is the list. */
  readonly items?: string
  /** Properties of an item. Default: 'id'. */
  readonly key?: readonly string[]
  /** Properties that are columns. Default: those of the key, and the whole item as 'item'. */
  readonly columns?: readonly { readonly name: string; readonly type: ColumnType }[]
  /** Where in an answer the next page is named: its URL, or a value for `parameter`. Default: the header Link. */
  readonly next?: string
  /** Fields of the head that are sent, by their names in small letters. They are no secrets. */
  readonly headers?: Readonly<Record<string, string>>
  /** The API is asked by POST, with this JSON. Default: by GET. */
  readonly body?: JsonValue
  /** A parameter of the query, or a place in `body`: takes what `next` finds, or without that counts, until a page is empty. */
  readonly parameter?: string
  /** What a `parameter` without `next` counts: pages from 1 (default), or the items that came before, from 0. */
  readonly counts?: HttpCount
  /** Where in an answer is said whether there are more pages: true or false. Default: as said above. */
  readonly more?: string
  /** As `parameter`, for the cursor of the table: only items with at least that value are asked for. */
  readonly since?: string
  /** An item for which all of these hold is gone: it is no row. Default: none is. */
  readonly deletes?: readonly ValueRule[]
}

/** Which webhooks of an inbox are about a table, and how its rows lie in them. */
export interface InboxTable extends DeclaredTable {
  /** Where in a webhook the row, or the list of rows, is: 'data.items'. Default: the webhook itself. */
  readonly items?: string
  /** Properties that are a row's key. Default: 'id'. */
  readonly key?: readonly string[]
  /** Properties that are columns. Default: those of the key, and the whole row as 'item'. */
  readonly columns?: readonly { readonly name: string; readonly type: ColumnType }[]
  /** Only webhooks for which all of these hold are about the table. Default: every one. */
  readonly when?: readonly ValueRule[]
  /** A row for which all of these hold, or its webhook where the row has no such property, is gone. Default: none is. */
  readonly deletes?: readonly ValueRule[]
  /** As `deletes`: a row that names what has changed alone, and leaves its other columns as they were. Default: none does. */
  readonly patches?: readonly ValueRule[]
}

export interface ValueRule {
  /** 'data.type'; '$event': what the sender names in a header (GitHub's event, Shopify's topic). */
  readonly path: string
  /** It is one of them; '*' is anything but null and false. */
  readonly values: readonly string[]
}

/**
 * `where` and all but renaming of columns hold where rows go one way: mode 'capture', and systems that are only told of
 * rows. Nothing of it can be undone on the way back. What is 'the endpoint' below is the dataset for the latter.
 */
export interface TableTransform {
  /** As the endpoint calls it. */
  readonly table: string
  /** An SQL expression over the endpoint's columns: rows for which it does not hold are not read. null: all rows. */
  readonly where: string | null
  /** The columns that are taken, in the endpoint's order; null: all that are not omitted. */
  readonly select: readonly string[] | null
  readonly omit: readonly string[]
  readonly columns: readonly ColumnTransform[]
}

/** In this order: computed, masked, cast, renamed. */
export interface ColumnTransform {
  readonly column: string
  /** An SQL expression over the endpoint's columns, for a column that the endpoint has not; null: it has it. */
  readonly compute: string | null
  readonly mask: Mask | null
  readonly cast: ColumnType | null
  readonly rename: string | null
}

/**
 * What is stored instead of a value. 'null': nothing. 'redact': one word for all. 'hash': the same for the same value,
 * in every table, and nobody without the secret can tell for which. 'first' and 'last': so many characters of it.
 */
export type Mask =
  | { readonly kind: 'null' | 'redact' | 'hash' }
  | { readonly kind: 'first' | 'last'; readonly characters: number }

/** A table that an SQL query computes from other tables of the dataset. */
export interface Derivation {
  readonly path: Path
  readonly from: readonly DerivationInput[]
  /** One SELECT of SQLite's SQL over the inputs by their names. */
  readonly sql: string
  /** Columns of the result. */
  readonly key: readonly string[]
  /** Types of columns that are not to have the type of their values. */
  readonly types: readonly DerivedType[]
}

/** A table that a function computes. Which program has the function, each machine says for itself: no code travels with data. */
export interface FunctionDeclaration {
  readonly path: Path
  readonly from: readonly DerivationInput[]
  /** The name under which a module exports it. */
  readonly function: string
  /** By the input's name: columns whose values make groups of rows, as many in each; null: it gets rows, of the one input. */
  readonly by: Readonly<Record<string, readonly string[]>> | null
  readonly key: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  /** Another one whenever the function does something else; null: the module's digest. */
  readonly version: string | null
}

export interface DerivationInput {
  /** In the query, and in groups. */
  readonly name: string
  readonly path: Path
}

export interface DerivedType {
  readonly column: string
  readonly type: ColumnType
}

/** How a cell that both sides changed is decided; see dataset/policy.ts for the words. */
export type CellPolicy =
  | { readonly kind: 'ours' | 'theirs' | 'max' | 'min' | 'sum' | 'append' | 'text' }
  /** The side whose row has the later value in `column`; null: in the cell itself. */
  | { readonly kind: 'newest'; readonly column: string | null }
  /** null: `;` where a side has one, else `,`. */
  | { readonly kind: 'union'; readonly separator: string | null }

/** A row removed here and edited there, or two different rows added under one key (`ours` and `theirs` only). */
export type RowPolicy = 'ours' | 'theirs' | 'keep-edit'

export interface TablePolicies {
  /** For columns without an entry of their own; null: a conflict. */
  readonly default: CellPolicy | null
  readonly rows: RowPolicy | null
  readonly columns: ReadonlyMap<string, CellPolicy>
}

/** What a violation does to the check: 'error' fails it, 'warn' is only reported. */
export type RuleLevel = 'error' | 'warn'

export interface TableRules {
  /** How many rows there are. */
  readonly rows: {
    readonly min: number | null
    readonly max: number | null
    readonly level: RuleLevel
  } | null
  readonly columns: ReadonlyMap<string, ColumnRules>
}

/** All but `required` hold for cells that are not empty, as constraints of SQL do for what is not NULL. */
export interface ColumnRules {
  readonly level: RuleLevel
  readonly required: boolean
  readonly unique: boolean
  readonly type: ColumnType | null
  /** A number, a date or a time, as written; inclusive. */
  readonly min: string | null
  readonly max: string | null
  /** A regular expression (RE2's syntax) for the whole cell. */
  readonly pattern: string | null
  readonly values: readonly string[] | null
  /** The table whose keys the cells are. */
  readonly references: Path | null
}

// What every part of a merge works on: where to read nodes and write objects, and the three versions of a table.
import type { TablePolicies } from '../dataset/interface.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ObjectWriter } from '../store/interface.ts'
import type { TableObject } from '../table/interface.ts'

export interface MergeIo {
  /** Reads through `writer`, so that it sees what the merge has written. */
  readonly nodes: NodeStore
  readonly writer: ObjectWriter
}

export interface MergeTablesOptions {
  /** What decides cells and rows that both sides changed; null: people. */
  readonly policies?: TablePolicies | null | undefined
  readonly signal?: AbortSignal | undefined
  readonly onRows?: ((done: number) => void) | undefined
}

/** `base` is null for tables that both sides added under one path. */
export interface TableSides {
  readonly base: TableObject | null
  readonly ours: TableObject
  readonly theirs: TableObject
}

/** The whole table waits; `reason` is one sentence for people. */
export interface TableClash {
  readonly kind: 'clash'
  readonly reason: string
}

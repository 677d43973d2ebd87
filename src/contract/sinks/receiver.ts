// What the tests of sinks know of a receiver: where it is, and what has come there; and what a reader makes of that.
import { expect } from 'vitest'
import type { SinkKind } from '../../connectors/sink.ts'

type Texts = Record<string, string>
/** By 'table/key': the row's cells as text, without empty ones; bytes that are no text in base64. */
export type Rows = Record<string, Texts>

export interface Message {
  readonly id: string
  readonly link: string
  readonly table: string
  readonly kind: 'insert' | 'update' | 'delete'
  readonly key: Readonly<Record<string, unknown>>
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly commit: string
  readonly time: string
}

/** A receiver of its own for one test. */
export interface Receiver {
  readonly url: string
  readonly environment: Readonly<Record<string, string>>
  /** All that has come, in order, what came twice twice. Missing where the receiver keeps rows and no messages. */
  messages?(): Promise<readonly Message[]>
  /** It leaves out what comes twice by itself. */
  readonly leavesOutRepeats?: true
  rows?(): Promise<Rows>
  /** From now on it refuses the messages for which the rule holds. Missing where nothing can be refused, or that is not tried. */
  refuse?(rule: (message: Message) => boolean): void
  /** Kinds of sinks that are not Varve's own, for its URL. */
  readonly sinks?: readonly SinkKind[]
}

export interface SinkFixture {
  /** A fresh one, at another URL each time. */
  receiver(): Promise<Receiver>
  /** Where nobody answers. */
  readonly nowhere: string
  /** For that. */
  readonly environment: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/** What a reader makes of the messages who leaves out those whose id it has seen. Each must fit what was there before. */
export function folded(messages: readonly Message[]): Rows {
  const rows: Rows = {}
  const seen = new Set<string>()
  for (const { id, table, key, before, after } of messages) {
    if (seen.has(id)) continue
    seen.add(id)
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    const name = `${table}/${Object.values(key).map(textOf).join(':')}`
    expect(rows[name] ?? null).toEqual(before === null ? null : texts(before))
    if (after === null) delete rows[name]
    else rows[name] = texts(after)
  }
  return rows
}

export function texts(row: Readonly<Record<string, unknown>>): Texts {
  const result = Object.create(null) as Texts
  for (const [column, value] of Object.entries(row)) if (value !== null) result[column] = textOf(value)
  return result
}

export function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'string') return value
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value)
}

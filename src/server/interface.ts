// The server: many repositories over HTTP, for `varve push` and `fetch`, for people's own programs, and for scrapers of
// metrics. A route is data (path, parameters, answers, the access it needs) and one function, so that the router, the
// checks before it and the OpenAPI document are made of one table and cannot disagree.
//
// What it promises: nobody gets at more than their token allows; a push is checked like anything that comes from
// outside and moves all its refs or none; what a request may cost is bounded before it is begun.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { WorkerPool } from '../base/pool.ts'
import type { AuditLog } from './audit.ts'
import type { Checks } from './checks.ts'
import type { PushQueue } from './gate.ts'
import type { Query } from './url-query.ts'
import type { Queries } from './sql/queries.ts'
import type { Repositories, ServedRepository } from './repositories.ts'
import type { Uploads } from './uploads.ts'

export type Scope = 'read' | 'write' | 'admin'

/** Who asks. */
export interface Principal {
  /** The token's id; 'anonymous' or 'ssh' where there is no token. */
  readonly id: string
  readonly name: string
  readonly scope: Scope
  /** Patterns (access/patterns.ts): which repositories, which branches it may move, which checks it may report. */
  readonly repositories: string
  readonly branches: string
  readonly checks: string
}

export interface Limits {
  /** Largest JSON document that a request may send. */
  readonly bodyBytesMax: number
  /** Largest piece of an upload, largest pack, and all that may wait from one token. */
  readonly pieceBytesMax: number
  readonly packBytesMax: number
  readonly uploadBytesMax: number
  /** Uploads that nothing came of are removed after this time. */
  readonly uploadMsMax: number
  /** How long a request may take; one that moves refs takes in what was uploaded, and may take longer. */
  readonly requestMsMax: number
  readonly pushMsMax: number
  /** Requests at a time: of all, and of one token, or of one address without one. */
  readonly requestsMax: number
  readonly requestsPerTokenMax: number
  /** Comparisons, searches and exports at a time: of all, and of one token or address. */
  readonly costlyMax: number
  readonly costlyPerClientMax: number
  /** Queries in SQL at a time, as costlyMax; each has a process. */
  readonly queriesMax: number
  readonly queriesPerClientMax: number
  /** Until its rows are there, and for each part of them that is sent. */
  readonly queryMsMax: number
  /** Memory that SQLite may take for a query; the rest of its process may take as much again. */
  readonly queryMemoryBytesMax: number
  /** Disk that a query's tables and rows may take together. */
  readonly queryFileBytesMax: number
  readonly queryRowsMax: number
  readonly queryAnswerBytesMax: number
  /** Disk for the tables that are kept for the next queries, over all repositories. */
  readonly queryCacheBytesMax: number
  readonly connectionsMax: number
  /** How long requests under way may go on when the server is told to stop. */
  readonly graceMs: number
}

export const limitsDefault: Limits = {
  bodyBytesMax: 4 << 20,
  pieceBytesMax: 64 << 20,
  packBytesMax: 256 << 20,
  uploadBytesMax: 64 * 2 ** 30,
  uploadMsMax: 24 * 3_600_000,
  requestMsMax: 120_000,
  pushMsMax: 3_600_000,
  requestsMax: 512,
  requestsPerTokenMax: 256,
  costlyMax: 16,
  costlyPerClientMax: 4,
  queriesMax: 4,
  queriesPerClientMax: 2,
  queryMsMax: 60_000,
  queryMemoryBytesMax: 256 << 20,
  queryFileBytesMax: 2 * 2 ** 30,
  queryRowsMax: 1_000_000,
  queryAnswerBytesMax: 256 << 20,
  queryCacheBytesMax: 4 * 2 ** 30,
  connectionsMax: 2048,
  graceMs: 10_000,
}

/** One line of the log, without anything secret. */
export type LogLine = Readonly<Record<string, unknown>>

export interface Services {
  readonly repositories: Repositories
  readonly uploads: Uploads
  readonly checks: Checks
  readonly turns: PushQueue
  /** For what takes long and can be done elsewhere. */
  readonly threads: WorkerPool
  readonly queries: Queries
  readonly audit: AuditLog
  readonly limits: Limits
  readonly log: (line: LogLine) => void
  readonly metrics: { text(): Promise<string>; pushed(result: 'done' | 'refused'): void }
  readonly now: () => number
}

/** One request under way, checked: its route is known, and whoever asks may. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  readonly principal: Principal
  readonly services: Services
  /** Ends when the client goes away, time is up or the server stops. */
  readonly signal: AbortSignal
  /** The repository that the path names. */
  readonly repository: () => ServedRepository
}

/** JSON Schema, as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly about: string
  readonly required?: boolean
  readonly schema: Schema
}

export interface Answer {
  readonly about: string
  /** By media type. */
  readonly content?: Readonly<Record<string, Schema>>
  readonly headers?: Readonly<Record<string, string>>
}

export interface Route {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** '/v1/repos/{repo}/commits' */
  readonly path: string
  /** A name for generated clients. */
  readonly operation: string
  readonly about: string
  /** The least that a token must allow; 'none' needs no token. */
  readonly access: Scope | 'none'
  readonly parameters?: readonly Parameter[]
  /** What the request's body holds. */
  readonly body?: { readonly type: string; readonly schema: Schema }
  readonly answers: Readonly<Record<number, Answer>>
  /** For people: HTML, failures too; takes a token by HTTP Basic as well. Not in the OpenAPI document. */
  readonly isPage?: boolean
  /**
   * A file, not a page to look at: other sites have no link to it. Whether a window of theirs went there or stayed, as it
   * does for what is saved, would tell them what is in a repository. */
  readonly isSaved?: boolean
  /** Takes as long as a push may. */
  readonly isLong?: boolean
  /**
   * Compares, searches or reads much: few at a time are taken. 'search': of a path, or where a page goes on; 'query': in SQL,
   * of which fewer still are taken.
   */
  readonly costly?: 'always' | 'search' | 'query'
  readonly handle: (exchange: Exchange) => Promise<void>
}

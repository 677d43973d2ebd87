// Answers: JSON documents, bytes as they come, and errors. An error says what the one who asked can do about it; where it
// speaks of our own files, or of a fault of ours, it says nothing of them.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { type ErrorCode, VarveError, isVarveError } from '../base/errors.ts'
import { yieldIfDue, isTurnOver } from '../base/turns.ts'
import { toJson } from '../table/json.ts'

/** An error that has an HTTP status of its own. */
export class HttpError extends Error {
  readonly status: number
  readonly code: ErrorCode
  readonly headers: Readonly<Record<string, string>>
  readonly hint: string | undefined

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    hint?: string,
  ) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
    this.hint = hint
  }
}

const statuses: Partial<Record<ErrorCode, number>> = {
  VARVE_USAGE: 400,
  VARVE_REFUSED: 403,
  VARVE_PATH_NOT_FOUND: 404,
  VARVE_REF_NOT_FOUND: 404,
  VARVE_NO_REPOSITORY: 404,
  VARVE_OBJECT_MISSING: 422,
  VARVE_NOT_POSSIBLE: 409,
  VARVE_RULE_VIOLATED: 400,
  VARVE_CORRUPT: 422,
  VARVE_UNSUPPORTED_FORMAT: 422,
  VARVE_DISK_FULL: 507,
  VARVE_ABORTED: 503,
}

/** For whoever asks over HTTP, where the hint of ours names a command. */
const hints: Readonly<Record<string, string>> = {
  VARVE_REF_NOT_FOUND: 'branches are at /v1/repos/{repo}/branches, tags at /tags, commits at /commits',
  VARVE_PATH_NOT_FOUND: 'paths are at /v1/repos/{repo}/tree',
}

export interface Failure {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly document: { readonly error: Readonly<Record<string, unknown>> }
  /** A fault of ours: to be logged whole. */
  readonly isOurs: boolean
}

/** `hidden` are folders of the server, which no answer may name. */
export function failureOf(error: unknown, hidden: readonly string[]): Failure {
  if (error instanceof HttpError) {
    const { status, code, message, headers, hint } = error
    const facts = { code, message, ...(hint === undefined ? {} : { hint }) }
    return { status, headers, document: { error: facts }, isOurs: false }
  }
  const status = isVarveError(error) ? statuses[error.code] : undefined
  if (!isVarveError(error) || status === undefined) {
    const code = isVarveError(error) ? error.code : 'VARVE_INTERNAL'
    const message = 'the server has failed; its log says why'
    return { status: 500, headers: {}, document: { error: { code, message } }, isOurs: true }
  }
  const headers: Record<string, string> = status === 503 ? { 'retry-after': '1' } : {}
  const { code } = error
  const hint =
    error.hint !== undefined && /'varve /.test(error.hint) ? (hints[code] ?? error.hint) : error.hint
  const { location: _, path: __, ...data } = error.data
  const text = (words: string): string => hidden.reduce((left, dir) => left.replaceAll(dir, '…'), words)
  const facts = {
    code,
    message: text(error.message),
    ...(hint === undefined ? {} : { hint: text(hint) }),
    ...(Object.keys(data).length === 0 ? {} : { data: JSON.parse(text(toJson(data))) as unknown }),
  }
  return { status, headers, document: { error: facts }, isOurs: code === 'VARVE_DISK_FULL' }
}

/** A document; lists at its top may be long: others have their turns while they are written. */
export async function sendJson(
  response: ServerResponse,
  document: object,
  options: { status?: number; headers?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const bytes = Buffer.from(await documentText(document))
  response.writeHead(options.status ?? 200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
    'cache-control': 'no-store',
    ...options.headers,
  })
  response.end(response.req.method === 'HEAD' ? undefined : bytes)
}

async function documentText(document: object): Promise<string> {
  const members: string[] = []
  for (const [name, value] of Object.entries(document) as [string, unknown][]) {
    if (value === undefined) continue
    const text = Array.isArray(value) ? `[${(await itemTexts(value)).join()}]` : toJson(value)
    members.push(`${toJson(name)}:${text}`)
  }
  return `{${members.join()}}\n`
}

async function itemTexts(items: readonly unknown[]): Promise<readonly string[]> {
  const texts: string[] = []
  for (const item of items) {
    texts.push(toJson(item))
    if (isTurnOver()) await yieldIfDue()
  }
  return texts
}

/** Waits for a slow reader, and ends the source when the reader goes away. */
export async function sendStream(
  response: ServerResponse,
  source: AsyncIterable<Uint8Array | string>,
  signal: AbortSignal,
): Promise<void> {
  if (response.req.method === 'HEAD') {
    response.end()
    return
  }
  await pipeline(Readable.from(source, { objectMode: false }), response, { signal })
}

/** Reads the whole body, of at most `bytesMax`. */
async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const tooLarge = new HttpError(413, 'VARVE_REFUSED', `a request has at most ${bytesMax} bytes here`, {
    connection: 'close',
  })
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += part.length
    if (length > bytesMax) throw tooLarge
    parts.push(part)
  }
  return Buffer.concat(parts)
}

const drainedBytesMax = 16 << 20
const drainedMsMax = 2000

/** Takes what a client is still sending, within bounds: it would not read an answer before. False: there is more. */
export async function drain(request: IncomingMessage): Promise<boolean> {
  if (request.complete || request.destroyed) return true
  let length = 0
  const timer = setTimeout(() => request.destroy(), drainedMsMax)
  try {
    for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += part.length
      if (length > drainedBytesMax) return false
    }
    return true
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}

const jsonHint =
  "send a JSON object with the header 'Content-Type: application/json'; /openapi.json has examples"

/** Reads a body that has to be a JSON object. */
export async function readJson(request: IncomingMessage, bytesMax: number): Promise<Record<string, unknown>> {
  if (!/^application\/json(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new HttpError(415, 'VARVE_USAGE', 'the body has to be application/json', {}, jsonHint)
  const body = await readBody(request, bytesMax)
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new VarveError('VARVE_USAGE', 'the body is not a JSON object', { hint: jsonHint })
}

// The pages of one table, one after the other. The next one is named by the answer (a URL, or a cursor for a parameter),
// by its header Link (rel="next"), or by counting. It is asked for at the link's own origin and nowhere else: what an API
// answers must not send us, and our secret with us, to another place.
import { VarveError, isVarveError } from '../../base/errors.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { HttpAnswer, HttpClient } from '../../http/client.ts'
import type { HttpTable } from '../../dataset/interface.ts'
import { type JsonRange, documentRange, elementsOf, pathsOfLists, rangeAt } from '../json/range.ts'
import {
  type PageRequest,
  bodyOf,
  countAt,
  numberOrText,
  requestName,
  targetOf,
  valueOf,
  withValue,
} from './page-request.ts'
import { refuseErrors } from './said-errors.ts'

const pageBytesMax = 32 << 20
const pagesMax = 100_000

export interface Page {
  /** Path and query. */
  readonly path: string
  readonly items: readonly JsonRange[]
  readonly headers: HttpAnswer['headers']
  /** The answer that it is of. */
  readonly answer: HttpAnswer
}

export interface PageSource {
  readonly client: HttpClient
  /** With a slash at its end. */
  readonly base: URL
  /**
   * Pages that were answered before they are read, when it was asked what they are like or whether they have changed, by
   * `requestName`: each is read once.
   */
  readonly ahead: Map<string, HttpAnswer>
  readonly signal?: AbortSignal | undefined
}

interface Question {
  readonly path: string
  readonly headers?: HttpTable['headers'] | undefined
  readonly body?: Uint8Array | null
}

/** Asks for one page. Under a condition the answer may be 304. */
export async function askPage(
  { client, signal }: PageSource,
  { path, headers = {}, body = null }: Question,
  condition: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer> {
  try {
    return await client.send({
      method: body === null ? 'GET' : 'POST',
      path,
      headers: {
        accept: 'application/json',
        ...(body === null ? {} : { 'content-type': 'application/json' }),
        ...headers,
        ...condition,
      },
      ...(body === null ? {} : { body }),
      expected: [304],
      bytesMax: pageBytesMax,
      signal,
    })
  } catch (error) {
    if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      `a page is longer than ${pageBytesMax >> 20} MiB: ${error.message}`,
      {
        data: error.data,
        cause: error,
        hint: "ask for smaller ones, as in 'path: people?limit=100' of the table in varve.yaml",
      },
    )
  }
}

/** The question for a table's first page. `from`: the first value to ask for where the table says a place for it. */
export function firstRequest(base: URL, table: HttpTable, from: string | null): PageRequest {
  const path = table.path ?? encodeURIComponent(table.table)
  const first = { url: addressOf(path, { from: base, base, table }), values: new Map<string, string>() }
  return from === null
    ? first
    : withValue(first, table, table.since!, numberOrText(from, table, table.since!))
}

/** `from`: as in `firstRequest`. */
export async function* pagesOf(
  source: PageSource,
  table: HttpTable,
  from: string | null = null,
): AsyncGenerator<Page> {
  const { base } = source
  const seen = new Set<string>()
  let before: Uint8Array | null = null
  let request: PageRequest | null = firstRequest(base, table, from)
  while (request !== null) {
    const name = requestName(request, table)
    const { url } = request
    if (seen.has(name) || seen.size >= pagesMax) throw fault(table, `its pages never end: ${shown(url)}`)
    seen.add(name)
    const path = targetOf(request)
    const { headers } = table
    const answer =
      source.ahead.get(name) ?? (await askPage(source, { path, headers, body: bodyOf(request, table) }))
    source.ahead.delete(name)
    const document = documentRange(answer.body)
    if (document === null) throw notJson(table, url, answer)
    refuseErrors(table, document, shown(url))
    const found = rangeAt(document, table.items ?? '')
    const items = found === null ? null : elementsOf(found)
    if (items === null) throw fault(table, `${noList(table, document)} in what ${shown(url)} answers`)
    const bytes = bytesOf(items)
    if (isCounted(table) && before !== null && bytes.length > 0 && equalBytes(before, bytes))
      throw fault(table, `${shown(url)} answers the same page whatever '${table.parameter!}' says`)
    before = bytes
    yield { path, items, headers: answer.headers, answer }
    request = nextOf(table, { request, base, answer, document, count: items.length })
  }
}

function noList({ items = '' }: HttpTable, document: JsonRange): string {
  const lists = pathsOfLists(document).map((path) => `'${path}'`)
  const where = items === '' ? 'there is no list' : `there is no list at '${items}'`
  return lists.length === 0 ? where : `${where}, but at ${lists.join(', ')},`
}

function isCounted({ next, parameter }: HttpTable): boolean {
  return next === undefined && parameter !== undefined
}

/** The bytes from the first item to the end of the last. */
function bytesOf(items: readonly JsonRange[]): Uint8Array {
  const [first, last] = [items[0], items.at(-1)]
  return first === undefined ? new Uint8Array(0) : first.src.subarray(first.start, last!.end)
}

interface Here {
  readonly request: PageRequest
  readonly base: URL
  readonly answer: HttpAnswer
  readonly document: JsonRange
  /** Of items. */
  readonly count: number
}

function nextOf(table: HttpTable, here: Here): PageRequest | null {
  const { request, base, answer, document, count } = here
  const { url, values } = request
  const { next, parameter } = table
  const hasMore = table.more === undefined ? null : saidOf(table, table.more, here)
  if (hasMore === false) return null
  if (next !== undefined) {
    const value = valueOf(rangeAt(document, next), parameter === undefined ? { table: table.table } : table)
    if (value === null) {
      if (hasMore === null) return null
      throw fault(table, `${shown(url)} says that there is more, and names no next page at '${next}'`)
    }
    return parameter === undefined
      ? { url: addressOf(value.text, { from: url, base, table }), values }
      : withValue(request, table, parameter, value)
  }
  if (parameter !== undefined) {
    if (count === 0) return null
    const countsItems = table.counts === 'items'
    const at = Number(countAt(request, table, parameter) ?? (countsItems ? '0' : '1'))
    if (!Number.isSafeInteger(at)) throw fault(table, `what '${parameter}' begins with is no whole number`)
    const value = String(at + (countsItems ? count : 1))
    return withValue(request, table, parameter, numberOrText(value, table, parameter))
  }
  const target = linkedPage(answer.headers)
  return target === null ? null : { url: addressOf(target, { from: url, base, table }), values }
}

/** Whether the answer says that there are more pages. A misspelt place must not end the table. */
function saidOf(table: HttpTable, more: string, { request: { url }, document }: Here): boolean {
  const kind = rangeAt(document, more)?.kind
  if (kind === 'true' || kind === 'false') return kind === 'true'
  throw fault(table, `there is neither true nor false at '${more}' in what ${shown(url)} answers`)
}

/** The target that the header Link gives with rel="next". */
export function linkedPage(headers: HttpAnswer['headers']): string | null {
  const [, target] = /<([^<>]*)>\s*;[^,]*\brel="?next"?/i.exec(headers['link'] ?? '') ?? []
  return target ?? null
}

interface AddressPlace {
  /** Whose page names it. */
  readonly from: URL
  readonly base: URL
  readonly table: HttpTable
}

function addressOf(text: string, { from, base, table }: AddressPlace): URL {
  if (!URL.canParse(text, from.href)) throw fault(table, 'what is said to be the address of a page is none')
  const url = new URL(text, from)
  if (url.origin === base.origin) return url
  throw new VarveError(
    'VARVE_REFUSED',
    `a page of '${table.table}' would be at another place: '${url.origin}'`,
    {
      data: { table: table.table, origin: url.origin },
      hint: 'only the origin of the link is asked; if you trust the other one, use it as the endpoint',
    },
  )
}

/** As a server in trouble answers, or one that says who may come in: that may pass. */
function notJson({ table }: HttpTable, url: URL, { headers }: HttpAnswer): VarveError {
  const { 'content-encoding': encoding, 'content-type': type } = headers
  const what = encoding ?? type?.replace(/;.*/, '').trim() ?? ''
  const but = what === '' || what === 'application/json' ? '' : ` but ${what}`
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    `table '${table}': what ${shown(url)} answers is not JSON${but}`,
    {
      data: { table, passing: true },
      hint: "look at what that address answers, and whether the link's endpoint and the table's 'path' lead to it",
    },
  )
}

function fault({ table }: HttpTable, what: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `table '${table}': ${what}`, {
    data: { table },
    hint: "say where its rows and its next page are: '--items', '--next', '--parameter' and '--more' of 'varve link add', or under the link's 'http' in varve.yaml",
  })
}

/** The address for messages: without its query, which may hold secrets. */
function shown(url: URL): string {
  return `'${url.pathname}'`
}

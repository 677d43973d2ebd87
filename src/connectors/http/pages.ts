// The pages of one table, one after the other. The next one is named by the answer (a URL, or a cursor for a parameter),
// by its header Link (rel="next"), or by counting. It is asked for at the link's own origin and nowhere else: what an API
// answers must not send us, and our secret with us, to another place.
import { VarveError, isVarveError } from '../../base/errors.ts'
import { equalBytes, utf8Text } from '../../base/bytes.ts'
import type { HttpAnswer, HttpClient } from '../../http/client.ts'
import type { HttpTable } from '../../dataset/interface.ts'
import { type JsonRange, documentRange, elementsOf, pathsOfLists, rangeAt } from '../json/range.ts'

const pageBytesMax = 32 << 20
const pagesMax = 100_000

export interface Page {
  /** Path and query. */
  readonly path: string
  readonly items: readonly JsonRange[]
  readonly headers: HttpAnswer['headers']
}

export interface PageSource {
  readonly client: HttpClient
  /** With a slash at its end. */
  readonly base: URL
  /** Pages that were answered when it was asked whether they have changed, by path: each is read once. */
  readonly ahead: Map<string, HttpAnswer>
  readonly signal?: AbortSignal | undefined
}

/** Asks for one page. With a condition among `headers` the answer may be 304. */
export async function askPage(
  { client, signal }: PageSource,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer> {
  try {
    return await client.send({
      method: 'GET',
      path,
      headers: { accept: 'application/json', ...headers },
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

/** `from`: the first value to ask for where the table says a parameter for it. */
export async function* pagesOf(
  source: PageSource,
  table: HttpTable,
  from: string | null = null,
): AsyncGenerator<Page> {
  const { base } = source
  const seen = new Set<string>()
  const path = table.path ?? encodeURIComponent(table.table)
  let before: Uint8Array | null = null
  let url: URL | null = addressOf(path, { from: base, base, table })
  if (from !== null) url = withParameter(url, table.since!, from)
  while (url !== null) {
    if (seen.has(url.href) || seen.size >= pagesMax) throw fault(table, `its pages never end: ${shown(url)}`)
    seen.add(url.href)
    const target = `${url.pathname}${url.search}`
    const answer = source.ahead.get(target) ?? (await askPage(source, target))
    source.ahead.delete(target)
    const document = documentRange(answer.body)
    if (document === null) throw notJson(table, url, answer)
    const found = rangeAt(document, table.items ?? '')
    const items = found === null ? null : elementsOf(found)
    if (items === null) throw fault(table, `${noList(table, document)} in what ${shown(url)} answers`)
    const bytes = bytesOf(items)
    if (isCounted(table) && before !== null && bytes.length > 0 && equalBytes(before, bytes))
      throw fault(table, `${shown(url)} answers the same page whatever '${table.parameter!}' says`)
    before = bytes
    yield { path: target, items, headers: answer.headers }
    url = nextOf(table, { url, base, answer, document, count: items.length })
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
  readonly url: URL
  readonly base: URL
  readonly answer: HttpAnswer
  readonly document: JsonRange
  /** Of items. */
  readonly count: number
}

function nextOf(table: HttpTable, here: Here): URL | null {
  const { url, base, answer, document, count } = here
  const { next, parameter } = table
  const hasMore = table.more === undefined ? null : saidOf(table, table.more, here)
  if (hasMore === false) return null
  if (next !== undefined) {
    const found = rangeAt(document, next)
    if (found === null || found.start === found.end || !['text', 'number'].includes(found.kind)) {
      if (hasMore === null) return null
      throw fault(table, `${shown(url)} says that there is more, and names no next page at '${next}'`)
    }
    const value = utf8Text(found.src.subarray(found.start, found.end))
    return parameter === undefined
      ? addressOf(value, { from: url, base, table })
      : withParameter(url, parameter, value)
  }
  if (parameter !== undefined) {
    if (count === 0) return null
    const countsItems = table.counts === 'items'
    const at = Number(url.searchParams.get(parameter) ?? (countsItems ? '0' : '1'))
    return withParameter(url, parameter, String(at + (countsItems ? count : 1)))
  }
  const target = linkedPage(answer.headers)
  return target === null ? null : addressOf(target, { from: url, base, table })
}

/** Whether the answer says that there are more pages. A misspelt place must not end the table. */
function saidOf(table: HttpTable, more: string, { url, document }: Here): boolean {
  const kind = rangeAt(document, more)?.kind
  if (kind === 'true' || kind === 'false') return kind === 'true'
  throw fault(table, `there is neither true nor false at '${more}' in what ${shown(url)} answers`)
}

/** The target that the header Link gives with rel="next". */
export function linkedPage(headers: HttpAnswer['headers']): string | null {
  const [, target] = /<([^<>]*)>\s*;[^,]*\brel="?next"?/i.exec(headers['link'] ?? '') ?? []
  return target ?? null
}

function withParameter(url: URL, parameter: string, value: string): URL {
  const next = new URL(url)
  next.searchParams.set(parameter, value)
  return next
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

// What tells that pages are as they were when they were read: the ETag of each, or its Last-Modified (RFC 9110, 8.8). A
// server that answers 304 to all of them has nothing new, and sends no page. Where the next page is named by a header,
// which an answer of 304 need not have, the last page's is asked for.
import { utf8 } from '../../base/bytes.ts'
import { isVarveError } from '../../base/errors.ts'
import { sha256Hex } from '../../base/platform.ts'
import type { HttpAnswer } from '../../http/client.ts'
import type { HttpTable } from '../../dataset/interface.ts'
import { type PageSource, askPage, linkedPage } from './pages.ts'

/** Tables of more pages have no marks. */
const pagesMax = 500
/** A page that changes twice in a second has one Last-Modified: it counts when it was old by the server's own clock. */
const settledMs = 60_000

export interface PageMark {
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** null: the server does not say what would show that the page has changed. */
export function pageMark(path: string, { headers }: Pick<HttpAnswer, 'headers'>): PageMark | null {
  const { etag, date, 'last-modified': modified } = headers
  if (etag !== undefined) return { path, headers: { 'if-none-match': etag } }
  const ageMs = Date.parse(date ?? '') - Date.parse(modified ?? '')
  return ageMs >= settledMs ? { path, headers: { 'if-modified-since': modified! } } : null
}

/** The pages' ETags as a text to be kept; empty when there is nothing to compare with later. */
export function marksText(source: PageSource, table: HttpTable, pages: readonly (PageMark | null)[]): string {
  if (table.body !== undefined || pages.length === 0 || pages.length > pagesMax || pages.includes(null))
    return ''
  return JSON.stringify([madeOf(source, table), pages])
}

/** Whether all of them are as they were. The page that is not is kept ahead: it is read next. */
export async function areUnchanged(
  source: PageSource,
  table: HttpTable,
  text: string | null,
): Promise<boolean> {
  // Conditions are for GET (RFC 9110, 13.1.2).
  if (table.body !== undefined) return false
  const pages = marksOf(source, table, text)
  for (const { path, headers } of pages) {
    const answer = await askPage(source, { path, headers: table.headers }, headers)
    if (answer.status !== 304) {
      source.ahead.set(path, answer)
      return false
    }
  }
  const last = pages.at(-1)
  const isByHeader = table.next === undefined && table.parameter === undefined
  return last !== undefined && (!isByHeader || (await isStillLast(source, table, last)))
}

/** The marks that were kept; none when the pages were read under another declaration. */
function marksOf(source: PageSource, table: HttpTable, text: string | null): readonly PageMark[] {
  if (text === null || text === '') return []
  try {
    const [made, pages] = JSON.parse(text) as [string, PageMark[]]
    return made === madeOf(source, table) ? pages : []
  } catch {
    return []
  }
}

function madeOf({ base }: PageSource, table: HttpTable): string {
  return sha256Hex(utf8(JSON.stringify([base.href, table]))).slice(0, 32)
}

async function isStillLast(
  { client, signal }: PageSource,
  table: HttpTable,
  { path, headers }: PageMark,
): Promise<boolean> {
  try {
    const head = await client.send({
      method: 'HEAD',
      path,
      headers: { accept: 'application/json', ...table.headers },
      signal,
    })
    const etag = headers['if-none-match']
    return (etag === undefined || head.headers['etag'] === etag) && linkedPage(head.headers) === null
  } catch (error) {
    // Not every server knows the method. What has really gone wrong, the reading says.
    if (isVarveError(error)) return false
    throw error
  }
}

// The question for one page: its address, and where the API is asked by POST, its body with a value at some places. What
// an answer gives for the next question becomes the value of a parameter, or of a place in the body, and nothing else.
import { utf8, utf8Text } from '../../base/bytes.ts'
import type { HttpTable } from '../../dataset/interface.ts'
import { bodyText, valueAt } from '../../dataset/request-body.ts'
import type { JsonRange } from '../json/range.ts'

export interface PageRequest {
  readonly url: URL
  /** What is put into the table's body, as JSON by place. */
  readonly values: ReadonlyMap<string, string>
}

/** For parameters a text, for places in a body JSON. */
export interface PageValue {
  readonly text: string
  readonly json: string
}

const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

export function targetOf({ url }: PageRequest): string {
  return `${url.pathname}${url.search}`
}

/** null: it is asked by GET. */
export function bodyOf({ values }: PageRequest, { body }: HttpTable): Uint8Array | null {
  return body === undefined ? null : utf8(bodyText(body, values))
}

/** Tells questions apart. */
export function requestName(request: PageRequest, { body }: HttpTable): string {
  const target = targetOf(request)
  return body === undefined ? target : `${target} ${bodyText(body, request.values)}`
}

export function withValue(
  { url, values }: PageRequest,
  { body }: HttpTable,
  place: string,
  { text, json }: PageValue,
): PageRequest {
  if (body !== undefined) return { url, values: new Map(values).set(place, json) }
  const next = new URL(url)
  next.searchParams.set(place, text)
  return { url: next, values }
}

/** The number that counts pages or items now; null: none is said yet. */
export function countAt({ url, values }: PageRequest, { body }: HttpTable, place: string): string | null {
  if (body === undefined) return url.searchParams.get(place)
  const said = values.get(place) ?? valueAt(body, place)
  if (said === undefined || said === null) return null
  return typeof said === 'string' ? said : JSON.stringify(said)
}

/** A number is one in a body too, unless the body has a text at its place. */
export function numberOrText(text: string, { body }: HttpTable, place: string): PageValue {
  const isText = !number.test(text) || (body !== undefined && typeof valueAt(body, place) === 'string')
  return { text, json: isText ? JSON.stringify(text) : text }
}

/** What an answer says of the next page; null: nothing. Of lists and objects only a body can be made. */
export function valueOf(found: JsonRange | null, { body }: HttpTable): PageValue | null {
  if (found === null || found.start === found.end) return null
  const text = utf8Text(found.src.subarray(found.start, found.end))
  if (found.kind === 'text') return { text, json: JSON.stringify(text) }
  return found.kind === 'number' || (found.kind === 'json' && body !== undefined)
    ? { text, json: text }
    : null
}

// What APIs say is wrong: in an answer that refuses, and in one of status 200 that has errors instead of data, or beside a
// part of it, as GraphQL answers. Such a part is never taken for the whole.
import { VarveError } from '../../base/errors.ts'
import { utf8Text } from '../../base/bytes.ts'
import type { HttpTable } from '../../dataset/interface.ts'
import { type JsonRange, documentRange, elementsOf, rangeAt } from '../json/range.ts'

const charsMax = 500
/** In the order in which they are looked for. */
const places = [
  'errors.0.message',
  'errors.0.detail',
  'errors.0.title',
  'error.message',
  'error.reason',
  'error_description',
  'message',
  'detail',
  'title',
  'error',
]
/** What GraphQL servers call errors that pass: under `extensions.code`, or `type` at GitHub. */
const passing = /throttl|rate.?limit|timeout|unavailable|internal/i

/** What a refusal says, without `secrets`; null when nothing that can be read. */
export function saidIn(body: Uint8Array, secrets: readonly (string | null)[] = []): string | null {
  const document = documentRange(body)
  if (document === null) return null
  for (const place of places) {
    const text = textAt(document, place, secrets)
    if (text !== null) return text
  }
  return null
}

/** @throws VarveError VARVE_NOT_POSSIBLE: the answer has a list of errors, and it is not the list of items that was asked for */
export function refuseErrors({ table, items = '' }: HttpTable, document: JsonRange, where: string): void {
  const errors = items.split('.')[0] === 'errors' ? null : rangeAt(document, 'errors')
  const all = errors === null ? null : elementsOf(errors)
  const first = all?.[0] === undefined ? null : textAt(all[0], 'message')
  if (first === null) return
  const others = all!.length === 1 ? '' : ` (and ${all!.length - 1} more)`
  const code = textAt(all![0]!, 'extensions.code') ?? textAt(all![0]!, 'type') ?? ''
  throw new VarveError(
    'VARVE_NOT_POSSIBLE',
    `table '${table}': ${where} answers an error: ${first}${others}`,
    {
      data: { table, ...(passing.test(code) ? { passing: true } : {}) },
      hint: "mend what is asked, 'path' and 'body' of the table in varve.yaml; nothing of such an answer is taken",
    },
  )
}

/** In one line, shortened. */
function textAt(range: JsonRange, place: string, secrets: readonly (string | null)[] = []): string | null {
  const found = rangeAt(range, place)
  if (found?.kind !== 'text') return null
  const text = utf8Text(found.src.subarray(found.start, found.end))
  // Before it is shortened: of half a secret nothing would be found.
  const line = secrets
    .reduce<string>((said, one) => (one === null || one === '' ? said : said.replaceAll(one, '…')), text)
    .replaceAll(/\s+/g, ' ')
    .trim()
  return line === '' ? null : line.slice(0, charsMax)
}

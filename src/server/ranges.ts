// One range of bytes as a request asks for it. What is not understood is answered with the whole, as HTTP allows; several
// ranges at once are not given.
import { HttpError } from './answers.ts'

export interface Range {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly isPart: boolean
}

/** @throws HttpError 416 */
export function rangeOf(header: string | undefined, size: number): Range {
  const whole = { start: 0, end: size, isPart: false }
  const [, first, last] = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return whole
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  if (start < end && start < size) return { start, end, isPart: true }
  throw new HttpError(416, 'VARVE_USAGE', 'there are no such bytes', { 'content-range': `bytes */${size}` })
}

export function rangeHeaders({ start, end, isPart }: Range, size: number): Record<string, string> {
  return {
    'accept-ranges': 'bytes',
    'content-length': String(end - start),
    ...(isPart ? { 'content-range': `bytes ${start}-${end - 1}/${size}` } : {}),
  }
}

// Answers of servers that are busy, or that have had enough of us for now: whether they pass, and when.
import type { AnswerHead } from './exchange.ts'

/** What is larger counts from 1970 and not from now. */
const deltaSecondsMax = 1e9
const epochSecondsMax = 1e11
/** Names for what RFC 9110 has Retry-After for, of many an API: GitHub's, X's, and a draft of the IETF. */
const resets = ['x-ratelimit-reset', 'x-rate-limit-reset', 'ratelimit-reset']
const remainders = ['x-ratelimit-remaining', 'x-rate-limit-remaining', 'ratelimit-remaining']

export function isPassing(answer: AnswerHead): boolean {
  const { status } = answer
  if (status === 403) return isUsedUp(answer)
  return (
    status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505 && status !== 507)
  )
}

/** How long to wait, as the server asks; 0: it does not. */
export function askedMs(answer: AnswerHead): number {
  const after = answer.headers['retry-after']
  if (after !== undefined) return afterMs(after)
  if (answer.status !== 429 && !isUsedUp(answer)) return 0
  const reset = Number(valueOf(answer, resets) ?? '')
  if (!Number.isFinite(reset) || reset <= 0) return 0
  if (reset < deltaSecondsMax) return reset * 1000
  return Math.max(0, (reset < epochSecondsMax ? reset * 1000 : reset) - Date.now())
}

/** Retry-After is a number of seconds or a date; 0 where it is neither. */
function afterMs(after: string): number {
  const ms = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now()
  return Number.isFinite(ms) ? ms : 0
}

function isUsedUp(answer: AnswerHead): boolean {
  return valueOf(answer, remainders)?.trim() === '0'
}

function valueOf({ headers }: AnswerHead, names: readonly string[]): string | undefined {
  return names.map((name) => headers[name]).find((value) => value !== undefined)
}

/** For people: '40 seconds', '42 minutes'. */
export function periodWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`
}

// What is said of an answer that is none.
import type { AnswerHead } from './exchange.ts'

/** Where an answer redirects to, for messages: without the query, which may hold secrets. */
export function elsewhere(origin: string, { headers: { location = '' } }: AnswerHead): string {
  if (location === '' || !URL.canParse(location, origin)) return 'another address'
  const { origin: target, pathname } = new URL(location, origin)
  return `another address, '${target === 'null' ? '' : target}${pathname}'`
}

export function hintFor(status: number, path: string): { hint?: string } {
  if (status === 404 || status === 410) return { hint: `there is no '${path}': check the address` }
  return {}
}

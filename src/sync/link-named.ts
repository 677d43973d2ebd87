// The link that somebody has named.
import { VarveError } from '../base/errors.ts'
import { didYouMean, nearest } from '../base/nearest.ts'
import type { Link } from './interface.ts'

/**
 * `words`: what may stand in the place of a name, and may have been meant.
 * @throws VarveError VARVE_REF_NOT_FOUND
 */
export function linkNamed(links: readonly Link[], name: string, words: readonly string[] = []): Link {
  const link = links.find((one) => one.name === name)
  if (link !== undefined) return link
  const names = links.map((one) => one.name)
  throw new VarveError('VARVE_REF_NOT_FOUND', `no link '${name}'`, {
    data: { name, links: names },
    hint: didYouMean(
      nearest(name, words),
      names.length === 0 ? "add one with 'varve link add'" : `there are: ${names.join(', ')}`,
    ),
  })
}

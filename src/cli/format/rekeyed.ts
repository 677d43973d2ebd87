// Which rows got new keys in a merge (`resolve --rekey`), as the merge commit has it recorded: for whoever finds a row
// under another key than the one it was added under.
import type { CommitInfo } from '../../api/interface.ts'
import { counted } from '../../base/size.ts'
import { visible } from '../visible.ts'

const keysShownMax = 20

interface Rekeyed {
  readonly path: string
  readonly side: string
  readonly count: number
  readonly keys: readonly (readonly [before: string, after: string])[]
}

export function rekeyedLines({ extra }: Pick<CommitInfo, 'extra'>, whole: boolean): string[] {
  const records = Array.isArray(extra['rekeyed']) ? extra['rekeyed'].filter(isRekeyed) : []
  return records.flatMap(({ path, side, count, keys }) => {
    const shown = whole ? keys : keys.slice(0, keysShownMax)
    const lines = shown.map(([before, after]) => `  ${visible(before)} -> ${visible(after)}`)
    const more = count > shown.length ? [`  and ${count - shown.length} more`] : []
    const whose = side === 'ours' ? 'ours' : 'theirs'
    return [`${counted(count, 'row')} of ${visible(path)} (${whose}) got new keys:`, ...lines, ...more, '']
  })
}

/** Checks the shape, because a commit can come from anywhere. */
function isRekeyed(value: unknown): value is Rekeyed {
  if (typeof value !== 'object' || value === null) return false
  const { path, side, count, keys } = value as Record<string, unknown>
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && pair.length === 2 && pair.every((key) => typeof key === 'string')
  return (
    typeof path === 'string' &&
    typeof side === 'string' &&
    typeof count === 'number' &&
    Array.isArray(keys) &&
    keys.every(isPair)
  )
}

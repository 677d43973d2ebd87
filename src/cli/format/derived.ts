// What a commit says of tables that it derived.
import type { CommitInfo } from '../../api/interface.ts'
import type { DerivedFrom } from '../../index.ts'
import { visible } from '../visible.ts'
import { shortId } from './commit.ts'

export function derivedLines({ extra }: Pick<CommitInfo, 'extra'>): string[] {
  const lines = Object.entries(extra['derived'] ?? {}).flatMap(([path, value]) => {
    if (!isDerived(value)) return []
    const inputs = Object.entries(value.from).map(([input, table]) => `${visible(input)} (${shortId(table)})`)
    return [`Derived ${visible(path)} from ${inputs.join(', ')}`]
  })
  return lines.length === 0 ? [] : [...lines, '']
}

/** Checks the shape, because a commit can come from anywhere. */
function isDerived(value: unknown): value is DerivedFrom {
  const from = (value as { from?: unknown } | null)?.from
  return (
    typeof from === 'object' && from !== null && Object.values(from).every((id) => typeof id === 'string')
  )
}

// What a commit says of tables that it derived.
import type { CommitInfo } from '../../api/interface.ts'
import type { DerivedFrom } from '../../index.ts'
import { visible } from '../visible.ts'
import { shortId } from './commit.ts'

export function derivedLines({ extra }: CommitInfo): string[] {
  if (extra['derived'] === undefined) return []
  const derived = Object.entries(extra['derived'] as Record<string, DerivedFrom>)
  const lines = derived.map(([path, { from }]) => {
    const inputs = Object.entries(from).map(([input, table]) => `${visible(input)} (${shortId(table)})`)
    return `Derived ${visible(path)} from ${inputs.join(', ')}`
  })
  return [...lines, '']
}

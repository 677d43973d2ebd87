// The cases of a folder of real merges: each folder below it that has base, ours, theirs and result.
import { readdirSync } from 'node:fs'
import path from 'node:path'

export function* casesIn(folder) {
  const entries = readdirSync(folder, { withFileTypes: true })
  const base = entries.find(({ name }) => name.startsWith('base.'))
  if (base !== undefined) yield { folder, ext: path.extname(base.name) }
  for (const entry of entries) if (entry.isDirectory()) yield* casesIn(path.join(folder, entry.name))
}

// How a place in a document is called: '$.features[id=12].properties.name'.
import type { ValueId, ValueTable } from './values.ts'

/** '$', then '.name', '[3]', '[id=12]' each; only who shows it makes a text of it. */
export interface Path {
  readonly parent: Path | null
  readonly step: () => string
}

export const root: Path = { parent: null, step: () => '$' }

export function nameOf(path: Path): string {
  const steps: string[] = []
  for (let at: Path | null = path; at !== null; at = at.parent) steps.push(at.step())
  return steps.toReversed().join('')
}

export function keyStep(key: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

/** The step to an element that is told apart by its member `name`; null: it is a member of a set. */
export function identityStep(values: ValueTable, name: string | null, id: ValueId): string {
  const text = values.text(id)
  return name === null ? `[${JSON.stringify(text)}]` : `[${name}=${text}]`
}

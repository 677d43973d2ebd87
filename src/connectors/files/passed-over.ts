// Files that look like data and are not read, so that nobody waits for their rows: by reason how many they are, and one of
// them.
import type { PassedOver } from '../interface.ts'
import { whyPassedOver } from './file-name.ts'

export const tooDeep = 'deeper than one folder'

export class PassedOverFiles {
  readonly #byReason = new Map<string, { count: number; readonly first: string }>()

  /** In the order of their number. */
  get list(): readonly PassedOver[] {
    const all = [...this.#byReason].map(([reason, found]) => ({ reason, ...found }))
    return all.toSorted((a, b) => b.count - a.count)
  }

  /** A file that is none of a table, `name` being the last part of its path. */
  add(path: string, name: string): void {
    const reason = whyPassedOver(name)
    if (reason !== null) this.addFor(reason, path)
  }

  addFor(reason: string, path: string): void {
    const found = this.#byReason.get(reason)
    if (found === undefined) this.#byReason.set(reason, { count: 1, first: path })
    else found.count++
  }
}

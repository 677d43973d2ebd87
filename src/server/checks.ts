// Results of checks (tests, reviews) for commits, as those who run them report them: a small file a commit in the
// server's state. A branch may require some of them (access/protection.ts).
import path from 'node:path'
import { VarveError } from '../base/errors.ts'
import { privateDir, readState, writeState } from './state-files.ts'

const checksMax = 100
const fileBytesMax = 1 << 20

export type CheckState = 'pending' | 'success' | 'failure'

export interface CheckResult {
  readonly name: string
  readonly state: CheckState
  readonly summary: string
  /** Name of the token that reported it. */
  readonly by: string
  readonly timeMs: number
}

export class Checks {
  readonly #dir: string
  /** Changes of one commit's file come one after another. */
  readonly #turns = new Map<string, Promise<void>>()

  constructor(stateDir: string) {
    this.#dir = privateDir(path.join(stateDir, 'checks'))
  }

  /** The results for a commit (64 hex digits), by name. */
  of(repository: string, commit: string): readonly CheckResult[] {
    return (readState(this.#file(repository, commit), fileBytesMax) ?? []) as readonly CheckResult[]
  }

  /** Replaces an earlier result of the same name. Durable when it resolves. */
  async report(repository: string, commit: string, result: CheckResult): Promise<void> {
    const file = this.#file(repository, commit)
    privateDir(path.dirname(file))
    const before = this.#turns.get(file) ?? Promise.resolve()
    const turn = before.then(async () => {
      const others = this.of(repository, commit).filter(({ name }) => name !== result.name)
      if (others.length >= checksMax)
        throw new VarveError('VARVE_NOT_POSSIBLE', `a commit has at most ${checksMax} checks`, {
          hint: 'report under a name that the commit has already; it takes the place of the earlier result',
        })
      const all = [...others, result].sort((a, b) => (a.name < b.name ? -1 : 1))
      await writeState(file, all)
    })
    const settled = turn.catch(() => undefined)
    this.#turns.set(file, settled)
    try {
      await turn
    } finally {
      if (this.#turns.get(file) === settled) this.#turns.delete(file)
    }
  }

  #file(repository: string, commit: string): string {
    return path.join(this.#dir, repository, `${commit}.json`)
  }
}

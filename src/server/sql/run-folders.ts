// Where queries lay their files: a folder a query, which goes with it whatever happens, and beside them the tables that each
// repository was asked about last, for the next query to begin with. One query at a time takes them; who comes meanwhile
// begins with none. Together they stay below a bound: those that were not asked for longest go.
import fs from 'node:fs'
import path from 'node:path'
import { randomHex } from '../../base/platform.ts'
import { isMissing } from '../../store/disk/files.ts'
import { privateDir } from '../state-files.ts'

/** As src/query calls it. */
const workspaceName = 'queries.sqlite'
/** No query lasts as long. */
const leftMsMax = 3_600_000

export class RunFolders {
  readonly #dir: string
  readonly #bytesMax: number

  constructor(stateDir: string, bytesMax: number) {
    this.#dir = path.join(stateDir, 'sql')
    this.#bytesMax = bytesMax
  }

  /** Makes a folder for a query, with the repository's cached tables in it if no other query has them. */
  begin(repository: string): string {
    privateDir(this.#dir)
    const run = privateDir(path.join(this.#dir, `run-${randomHex(8)}`))
    try {
      fs.renameSync(this.#keptFile(repository), path.join(run, workspaceName))
    } catch (error) {
      if (!isMissing(error)) throw error
    }
    return run
  }

  /** Ends a query; with 'keep' its tables, which were read completely, are kept for the next. */
  async end(run: string, repository: string, what: 'keep' | 'drop'): Promise<void> {
    if (what === 'keep') {
      const kept = this.#keptFile(repository)
      try {
        fs.renameSync(path.join(run, workspaceName), kept)
        // What is renamed keeps its time: it counts when it was used.
        fs.utimesSync(kept, new Date(), new Date())
      } catch (error) {
        if (!isMissing(error)) throw error
      }
      this.#trim()
    }
    await fs.promises.rm(run, { recursive: true, force: true })
  }

  /** Removes what killed servers have left. */
  sweep(nowMs: number): void {
    for (const { file, mtimeMs } of this.#entries('run-'))
      if (nowMs - mtimeMs > leftMsMax) fs.rmSync(file, { recursive: true, force: true })
  }

  #trim(): void {
    const files = this.#entries('of-').sort((a, b) => b.mtimeMs - a.mtimeMs)
    let bytes = 0
    for (const { file, size } of files) {
      bytes += size
      if (bytes > this.#bytesMax) fs.rmSync(file, { recursive: true, force: true })
    }
  }

  #keptFile(repository: string): string {
    return path.join(this.#dir, `of-${repository}.sqlite`)
  }

  #entries(prefix: string): { file: string; size: number; mtimeMs: number }[] {
    if (!fs.existsSync(this.#dir)) return []
    return fs.readdirSync(this.#dir).flatMap((name) => {
      if (!name.startsWith(prefix)) return []
      const file = path.join(this.#dir, name)
      const stat = fs.statSync(file, { throwIfNoEntry: false })
      return stat === undefined ? [] : [{ file, size: stat.size, mtimeMs: stat.mtimeMs }]
    })
  }
}

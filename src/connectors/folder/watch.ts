// Tells that something has changed in a folder or below it. It may report too much and too little (no watches left, a
// network drive), so callers also look now and then.
import { type FSWatcher, watch } from 'node:fs'
import * as fs from 'node:fs/promises'
import * as path from 'node:path'
import { pause } from '../../base/pause.ts'
import { hiddenPrefix } from './staged-file.ts'

/** As long as more comes within this time, it is one change. */
const quietMs = 100
const busyMsMax = 2_000
const foldersMax = 1_000

export class FolderWatch {
  readonly #root: string
  readonly #watchers = new Map<string, FSWatcher>()
  /** Counts what has moved; `#seen` is how much of it somebody was told. */
  #moved = 0
  #seen = 0
  #tell: () => void = () => undefined

  constructor(root: string) {
    this.#root = root
  }

  /** Resolves when something has moved since it did so the last time, and has come to rest; and when `signal` aborts. */
  async changed(signal: AbortSignal): Promise<void> {
    await this.#watchAll()
    while (!signal.aborted && this.#moved === this.#seen) await this.#next(signal)
    const sinceMs = Date.now()
    for (let before = -1; before !== this.#moved && Date.now() - sinceMs < busyMsMax && !signal.aborted;) {
      before = this.#moved
      await pause(quietMs, signal)
    }
    this.#seen = this.#moved
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#tell = done
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
    })
  }

  async #watchAll(): Promise<void> {
    const folders = [this.#root]
    for (const entry of await fs.readdir(this.#root, { withFileTypes: true }).catch(() => []))
      if (entry.isDirectory() && !entry.name.startsWith('.')) folders.push(path.join(this.#root, entry.name))
    for (const folder of folders.slice(0, foldersMax)) if (!this.#watchers.has(folder)) this.#watch(folder)
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name?.startsWith(hiddenPrefix) === true) return
        this.#moved++
        this.#tell()
      })
      const over = (): void => {
        watcher.close()
        this.#watchers.delete(folder)
      }
      watcher.on('error', over)
      this.#watchers.set(folder, watcher)
      // What came before it was watched is not told.
      this.#moved++
    } catch {
      // It is looked at now and then all the same.
    }
  }
}

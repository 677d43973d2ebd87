// Where damaged files go: 'quarantine/TIME-PID/' in the store, under the names that they had. Nothing reads them again,
// and nothing deletes them but a person.
import fs from 'node:fs'
import path from 'node:path'
import { ioError, isMissing, makeDir, remove, rename, syncDir } from '../files.ts'
import { tmpPath } from '../temporary-name.ts'

export class Quarantine {
  readonly #dir: string
  readonly #folder: string
  #isUsed = false

  constructor(dir: string) {
    this.#dir = dir
    const time = new Date().toISOString().replaceAll(/[:.]/g, '-')
    this.#folder = path.join(dir, 'quarantine', `${time}-${process.pid}`)
  }

  /** The folder for what was moved aside; null when nothing was. */
  get folder(): string | null {
    return this.#isUsed ? this.#folder : null
  }

  /** Moves a file of the store aside; `name` is relative to the store. */
  async take(name: string): Promise<void> {
    const target = await this.#placeOf(name)
    rename(path.join(this.#dir, name), target)
    for (const dir of [path.dirname(target), path.dirname(path.join(this.#dir, name))]) await syncDir(dir)
  }

  /** Puts a new file in a damaged one's place in one step; the damaged bytes are kept. */
  async replace(name: string, tmp: string): Promise<void> {
    const target = await this.#placeOf(name)
    const place = path.join(this.#dir, name)
    keepCopy(this.#dir, place, target)
    await syncDir(path.dirname(target))
    rename(tmp, place)
    await syncDir(path.dirname(place))
  }

  async #placeOf(name: string): Promise<string> {
    const target = path.join(this.#folder, name)
    makeDir(path.dirname(target))
    if (!this.#isUsed)
      for (const dir of [this.#folder, path.dirname(this.#folder), this.#dir]) await syncDir(dir)
    this.#isUsed = true
    return target
  }
}

/** Nothing where the file is gone. A copy gets its name when it is whole. */
function keepCopy(dir: string, from: string, to: string): void {
  const tmp = tmpPath(dir)
  try {
    fs.copyFileSync(from, tmp)
    fs.renameSync(tmp, to)
  } catch (cause) {
    remove(tmp)
    if (!isMissing(cause)) throw ioError(cause, to)
  }
}

// Packs that have come whole and wait for their push. Their objects are hashed while others are still on their way, so that
// the push itself need not, and large ones in a thread, so that nobody else waits; and nothing more is written to them.
import fs from 'node:fs'
import { corrupt, isVarveError } from '../base/errors.ts'
import { WorkerPool } from '../base/pool.ts'
import { checkPackFile } from '../store/disk/check-pack-file.ts'
import type { CheckedPack } from '../store/interface.ts'

/** Hashing less takes no longer than a turn that others may wait for. */
const bytesWorthThread = 4 << 20

export class ReceivedPacks {
  readonly #pool = new WorkerPool()
  readonly #checks = new Map<string, Promise<CheckedPack | null>>()
  /** One after the other: a check holds some blocks in memory. */
  #last: Promise<unknown> = Promise.resolve()

  has(file: string): boolean {
    return this.#checks.has(file)
  }

  add(file: string): void {
    const check = this.#last.then(() => (this.has(file) ? this.#checked(file) : null))
    // Whoever takes it hears of a failure.
    this.#last = check.catch(() => undefined)
    this.#checks.set(file, check)
  }

  /**
   * null where it was not checked, and has to be. Once: two takings must not get one name.
   * @throws VarveError VARVE_CORRUPT
   */
  async take(file: string): Promise<CheckedPack | null> {
    const check = this.#checks.get(file)
    if (check !== undefined) this.#checks.set(file, Promise.resolve(null))
    try {
      return (await check) ?? null
    } catch (error) {
      if (isVarveError(error, 'VARVE_CORRUPT')) throw error
      return null
    }
  }

  forget(file: string): void {
    this.#checks.delete(file)
  }

  async close(): Promise<void> {
    await this.#last
    await this.#pool.close()
  }

  async #checked(file: string): Promise<CheckedPack | null> {
    const isLarge = (fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= bytesWorthThread
    const { checked, damage } = isLarge
      ? await this.#pool.run('checkPackFile', checkPackFile, [file])
      : await checkPackFile(file)
    if (damage !== null) throw corrupt(damage.message, damage.cid === null ? {} : { cid: damage.cid })
    return checked
  }
}

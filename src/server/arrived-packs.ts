// Packs that have come whole and wait for their push. Their objects are hashed while others are still on their way, so that
// the push itself need not; and nothing more is written to them.
import { isVarveError } from '../base/errors.ts'
import { checkPack } from '../store/disk/check-pack.ts'
import { unknownPack } from '../store/disk/whole-pack.ts'
import type { CheckedPack } from '../store/interface.ts'

export class ArrivedPacks {
  readonly #checks = new Map<string, Promise<CheckedPack | null>>()
  /** One after the other: a check holds some blocks in memory. */
  #last: Promise<unknown> = Promise.resolve()

  has(file: string): boolean {
    return this.#checks.has(file)
  }

  add(file: string): void {
    const check = this.#last.then(() => (this.has(file) ? checked(file) : null))
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
}

async function checked(file: string): Promise<CheckedPack | null> {
  const pack = unknownPack(file)
  return pack === null ? null : checkPack(pack, {})
}

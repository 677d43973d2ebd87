// The kinds of small files that a table is made of, as they are met: nearly always there is one.
import { formatNamed } from './formats.ts'
import type { AlikeFiles, AlikeOptions } from './interface.ts'

const kindsMax = 8
/** Files that are looked at in vain, before the others are left to be opened one by one. */
const missesMax = 64

export class FileKinds {
  readonly #options: AlikeOptions
  readonly #kinds: AlikeFiles[] = []
  #misses = 0

  constructor(options: AlikeOptions) {
    this.#options = options
  }

  /** The kind of this file, which is all in memory; null: it is to be opened by itself. */
  async of(bytes: Uint8Array): Promise<AlikeFiles | null> {
    for (const [i, kind] of this.#kinds.entries())
      if (kind.has(bytes)) {
        // The next file is most likely of the same kind.
        if (i > 0) this.#kinds.unshift(...this.#kinds.splice(i, 1))
        return kind
      }
    const { alike } = formatNamed(this.#options.format)
    if (alike === undefined || this.#misses >= missesMax || bytes.length === 0) return null
    const kind = await alike(bytes, this.#options).catch(() => null)
    if (kind === null || !kind.has(bytes)) {
      this.#misses++
      return null
    }
    this.#kinds.unshift(kind)
    this.#kinds.splice(kindsMax)
    return kind
  }
}

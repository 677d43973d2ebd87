// A row of a database's log that is too long to be held: its bytes go by, and of values that no cell can hold only the
// length stays. Whoever knows the layout says, step by step, how many bytes come next and whether they stay.
import { corrupt } from '../base/errors.ts'

export interface Step {
  readonly bytes: number
  readonly isKept: boolean
}

/** Each step is answered by its bytes, a view that is good until the next one; by nothing where they do not stay. */
export type Steps = Generator<Step, void, Buffer>

export const keep = (bytes: number): Step => ({ bytes, isKept: true })
export const skip = (bytes: number): Step => ({ bytes, isKept: false })
/** Nobody needs to know more of it. */
export const skipAll: Step = skip(Infinity)

export class CutBytes {
  readonly #steps: Steps
  #step: Step = keep(0)
  /** Of the step in hand. */
  #left = 0
  #kept: Buffer
  #length: number

  /** `head`: what has come before the first step. */
  constructor(head: Uint8Array, steps: Steps) {
    this.#kept = Buffer.alloc(Math.max(1 << 16, head.length))
    this.#kept.set(head)
    this.#length = head.length
    this.#steps = steps
    this.#advance()
  }

  /** What comes next. @throws VarveError VARVE_CORRUPT where that is more than the layout has, and what the steps throw */
  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#left === 0) throw corrupt("a row of the database's log is too long")
      const part = bytes.subarray(at, at + this.#left)
      if (this.#step.isKept) this.#keep(part)
      at += part.length
      this.#left -= part.length
      this.#advance()
    }
  }

  /** The bytes that were kept. @throws VarveError VARVE_CORRUPT if the input ends within bytes to be skipped */
  end(): Buffer {
    const isCutOff = !this.#step.isKept && this.#left > 0 && this.#left < Infinity
    if (isCutOff) throw corrupt("a row of the database's log ends too early")
    return this.#kept.subarray(0, this.#length)
  }

  /** To the first step that needs bytes which are not here yet. */
  #advance(): void {
    while (this.#left === 0) {
      const start = this.#length - (this.#step.isKept ? this.#step.bytes : 0)
      const next = this.#steps.next(this.#kept.subarray(start, this.#length))
      if (next.done === true) {
        this.#step = keep(0)
        return
      }
      this.#step = next.value
      this.#left = next.value.bytes
    }
  }

  #keep(bytes: Uint8Array): void {
    const length = this.#length + bytes.length
    if (length > this.#kept.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#kept.length))
      this.#kept.copy(larger, 0, 0, this.#length)
      this.#kept = larger
    }
    this.#kept.set(bytes, this.#length)
    this.#length = length
  }
}

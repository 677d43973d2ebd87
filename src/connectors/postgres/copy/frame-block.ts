// Memory in which the server's messages gather as they come, cut anywhere: rows stay, back to back, whatever else may come
// between them is taken out. There are two of them, so that rows are looked at where they lie while further ones come.
import { emptyBytes } from '../../../base/bytes.ts'
import { corrupt } from '../../../base/errors.ts'
import { frameHeadBytes, letterD, wholeFrames } from './copy-frames.ts'
import { CutRow } from '../cut-row.ts'

const errorCode = 0x45
/** What may come between rows: the answer to the statement itself, settings, notices, notifications. */
const passedOver: ReadonlySet<number> = new Set([0x48, 0x53, 0x4e, 0x41])
const firstBytes = 256 << 10
/** Of a longer row not all is taken in. */
const messageBytesMax = 64 << 20

export class FrameBlock {
  #bytes = new Uint8Array(firstBytes)
  #other = new Uint8Array(firstBytes)
  /** Rows up to here. */
  #whole = 0
  /** What is behind them, up to here, is not whole, or for another. */
  #end = 0
  /** Behind them: a row that is too long. */
  #cut: CutRow | null = null

  /** How many bytes of whole rows there are. */
  get length(): number {
    return this.#whole
  }

  /**
   * 'end': all rows are here; 'error': the server says why they are not. What came behind that is `rest`.
   * @throws VARVE_CORRUPT; NotATable for a row that is too long
   */
  add(chunk: Uint8Array): 'rows' | 'end' | 'error' {
    this.#append(this.#cutOn(chunk))
    for (;;) {
      const bytes = this.#bytes.subarray(0, this.#end)
      const at = (this.#whole = wholeFrames(bytes, this.#whole))
      const code = bytes[at]
      if (code === errorCode) return 'error'
      if (at + frameHeadBytes > bytes.length) return 'rows'
      const length = messageLength(bytes, at)
      if (code === letterD && length > messageBytesMax) {
        this.#cut = new CutRow(length + 1 - frameHeadBytes)
        const begun = bytes.slice(at + frameHeadBytes)
        this.#end = at
        this.#append(this.#cutOn(begun))
        continue
      }
      const end = messageEnd(length, at)
      if (end > bytes.length) {
        this.#reserve(end)
        return 'rows'
      }
      bytes.copyWithin(at, end)
      this.#end -= end - at
      if (!passedOver.has(code!)) return 'end'
    }
  }

  /** What of these bytes is behind the row that is cut, with what is left of that. */
  #cutOn(bytes: Uint8Array): Uint8Array {
    if (this.#cut === null) return bytes
    const taken = this.#cut.add(bytes)
    if (!this.#cut.isWhole) return emptyBytes
    this.#append(this.#cut.frame())
    this.#cut = null
    return bytes.subarray(taken)
  }

  /** The whole rows, as a view that is good until this is called again. */
  take(): Uint8Array {
    const taken = this.#bytes
    const rest = this.rest()
    this.#bytes = this.#other
    this.#other = taken
    const rows = taken.subarray(0, this.#whole)
    this.#whole = this.#end = 0
    this.#append(rest)
    return rows
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#whole, this.#end)
  }

  #append(chunk: Uint8Array): void {
    const end = this.#end + chunk.length
    if (end > this.#bytes.length) this.#reserve(2 * end)
    this.#bytes.set(chunk, this.#end)
    this.#end = end
  }

  /** Makes room for `bytes` in all, those that are there included. */
  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return
    const larger = new Uint8Array(bytes)
    larger.set(this.#bytes.subarray(0, this.#end))
    this.#bytes = larger
  }
}

/** The length of the message at `at`, without its letter. */
function messageLength(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 1]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!) >>> 0
}

function messageEnd(length: number, at: number): number {
  if (length < frameHeadBytes - 1) throw corrupt('the server sent a message of no length')
  if (length > messageBytesMax) throw corrupt('the server sent a message of more than 64 MiB')
  return at + 1 + length
}

// The blocks of a CAR file as its library may have them: in version 1, with every length bounded. The library believes
// the lengths in a file and would gather gigabytes; so each is looked at here first. Of version 2 the part is taken
// that is a version 1 file; its index is not needed.
import { concatBytes } from '../../base/bytes.ts'
import { VarveError, corrupt } from '../../base/errors.ts'
import { objectBytesMax } from '../../store/interface.ts'

const headerBytesMax = 64 << 10
/** A block behind its name, which may have a longer digest than ours have. */
const sectionBytesMax: number = objectBytesMax + 256
/** Length and bytes of `{version: 2}`. */
const pragma = [0x0a, 0xa1, 0x67, 0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x02]
const secondHeaderBytes = 40

/** @throws VarveError VARVE_CORRUPT, VARVE_REFUSED */
export async function* carSections(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const bytes = new Gatherer(source)
  const begin = await bytes.peek(pragma.length)
  let left = Number.POSITIVE_INFINITY
  if (pragma.every((byte, i) => begin[i] === byte)) left = await skipToPayload(bytes)
  let most = headerBytesMax
  while (left > 0 && (await bytes.peek(1)).length > 0) {
    const head = await lengthOf(bytes)
    if (head.length === 0 || head.length > most) {
      throw new VarveError(
        'VARVE_REFUSED',
        'the CAR file has a block that is larger than any object of ours',
        {
          data: { bytes: head.length, bytesMax: most },
          hint: 'only what varve wrote can be imported as history',
        },
      )
    }
    const section = await bytes.take(head.size + head.length)
    left -= section.length
    if (left < 0) throw corrupt('the CAR file is cut short')
    yield section
    most = sectionBytesMax
  }
  if (left > 0 && left !== Number.POSITIVE_INFINITY) throw corrupt('the CAR file is cut short')
  if (most === headerBytesMax) throw corrupt('not a CAR file: it is empty')
}

/** Skips the head of version 2; returns the length of the version 1 part that follows. */
async function skipToPayload(bytes: Gatherer): Promise<number> {
  const head = await bytes.take(pragma.length + secondHeaderBytes)
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  const [start, length] = [27, 35].map((at) => Number(view.getBigUint64(at, true)))
  const read = pragma.length + secondHeaderBytes
  if (start! < read || !Number.isSafeInteger(start) || !Number.isSafeInteger(length))
    throw corrupt('the header of the CAR file makes no sense')
  await bytes.skip(start! - read)
  return length!
}

/** The length of the next section, as unsigned LEB128. */
async function lengthOf(bytes: Gatherer): Promise<{ size: number; length: number }> {
  const head = await bytes.peek(8)
  let length = 0
  for (let size = 0; size < head.length; size++) {
    length += (head[size]! & 127) * 2 ** (7 * size)
    if (head[size]! < 128) return { size: size + 1, length }
  }
  throw corrupt(head.length < 8 ? 'the CAR file is cut short' : 'not a CAR file')
}

/** Gives a source's bytes in pieces of the length that is asked for. */
class Gatherer {
  readonly #source: AsyncIterator<Uint8Array>
  #held: Uint8Array = new Uint8Array(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** The next `count` bytes, or fewer at the end; a view that is not to be kept. */
  async peek(count: number): Promise<Uint8Array> {
    if (this.#held.length < count) await this.#gather(count)
    return this.#held.subarray(0, count)
  }

  async take(count: number): Promise<Uint8Array> {
    const taken = await this.peek(count)
    if (taken.length < count) throw corrupt('the CAR file is cut short')
    this.#held = this.#held.subarray(count)
    return taken
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      const some = Math.min(left, 1 << 20)
      await this.take(some)
      left -= some
    }
  }

  async #gather(count: number): Promise<void> {
    const pieces: Uint8Array[] = [this.#held]
    for (let length = this.#held.length; length < count;) {
      const { done, value } = await this.#source.next()
      if (done === true) break
      pieces.push(value)
      length += value.length
    }
    this.#held = concatBytes(pieces)
  }
}

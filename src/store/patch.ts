// A new version of an object as a patch of the old one: ranges to copy, and bytes to insert between them. Most versions
// of a node are the old one with a few cells changed; making them again this way takes a microsecond or two, where each
// call of zlib takes thirty before it has unpacked a byte.
//
//   payload = operations, to the end
//   operation = varint 2n + 1: copy n bytes of the base, from: zigzag varint, against where it would be expected
//             | varint 2n:     insert the n bytes that follow
//
// A copy is expected where the one before ended, and as far behind as bytes were inserted since: an edit that keeps
// its length costs one zero.
import { corrupt } from '../base/errors.ts'
import { commonLength } from '../base/platform.ts'
import { ByteReader, writeVarint } from '../encoding/varint.ts'

/** A copy of less costs about as much as inserting. */
const copyBytesMin = 12
/** What lies elsewhere in the base is mostly a word that rows have in common: only a longer copy is worth the jump. */
const farCopyBytesMin = 32
const nearBytes = 512
const anchorBytes = 8
const tableBits = 12
const operationBytesMax = 16

/** Where in the base the anchors are that hash to a slot: position + 1. */
const table = new Uint16Array(1 << tableBits)
/** Positions of anchors must fit in the table. */
const patchBaseBytesMax = 65535

/** The patch that makes `bytes` of `base`; null when it would be longer than `bytesMax`. */
export function makePatch(bytes: Uint8Array, base: Uint8Array, bytesMax: number): Uint8Array | null {
  if (base.length > patchBaseBytesMax) return null
  const writer = new PatchWriter(bytes, bytesMax)
  let isIndexed = false
  let [at, from] = [0, 0]
  while (at < bytes.length) {
    const same = commonLength(bytes, at, base, from)
    if (same >= copyBytesMin || at + same === bytes.length) {
      if (!writer.copy(at, from, same)) return null
      at += same
      from += same
      continue
    }
    if (!isIndexed) indexAnchors(base)
    isIndexed = true
    const next = nextAnchor(bytes, at + 1, base, from + 1, writer.insertedMax(at))
    if (next === null) break
    at = next.at
    from = next.from
  }
  return writer.finish()
}

/** The bytes that the patch makes of `base`. @throws VarveError VARVE_CORRUPT */
export function applyPatch(patch: Uint8Array, base: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  const reader = new ByteReader(patch)
  let at = 0
  let expected = 0
  while (!reader.done) {
    const word = reader.varint()
    const count = Math.floor(word / 2)
    if (count === 0 || count > length - at) throw corrupt('a patch does not have the length it claims')
    if (word % 2 === 0) {
      bytes.set(reader.take(count), at)
      expected += count
    } else {
      const start = expected + unzigzag(reader.varint())
      if (start < 0 || start + count > base.length)
        throw corrupt('a patch copies what its base does not have')
      bytes.set(base.subarray(start, start + count), at)
      expected = start + count
    }
    at += count
  }
  if (at !== length) throw corrupt('a patch does not have the length it claims')
  return bytes
}

class PatchWriter {
  readonly #bytes: Uint8Array
  readonly #max: number
  readonly #patch: Uint8Array
  /** Length of the patch, and how much of the bytes it makes. */
  #length = 0
  #done = 0
  #expected = 0

  constructor(bytes: Uint8Array, bytesMax: number) {
    this.#bytes = bytes
    this.#max = bytesMax
    this.#patch = new Uint8Array(bytesMax + 2 * operationBytesMax)
  }

  /** Up to which offset bytes may be inserted at all. */
  insertedMax(at: number): number {
    return Math.min(this.#bytes.length, Math.max(at, this.#done + this.#max - this.#length))
  }

  /** Inserts what is not yet made before `at`, then copies. False when the patch gets too long. */
  copy(at: number, from: number, count: number): boolean {
    if (!this.#insert(at)) return false
    this.#length = writeVarint(this.#patch, this.#length, 2 * count + 1)
    this.#length = writeVarint(this.#patch, this.#length, zigzag(from - this.#expected))
    this.#done = at + count
    this.#expected = from + count
    return this.#length <= this.#max
  }

  finish(): Uint8Array | null {
    if (!this.#insert(this.#bytes.length) || this.#length > this.#max) return null
    return this.#patch.slice(0, this.#length)
  }

  #insert(end: number): boolean {
    const count = end - this.#done
    if (count === 0) return true
    if (this.#length + count > this.#max) return false
    this.#length = writeVarint(this.#patch, this.#length, 2 * count)
    this.#patch.set(this.#bytes.subarray(this.#done, end), this.#length)
    this.#length += count
    this.#expected += count
    this.#done = end
    return true
  }
}

function indexAnchors(base: Uint8Array): void {
  table.fill(0)
  for (let at = base.length - anchorBytes; at >= 0; at -= anchorBytes / 2) table[slotOf(base, at)] = at + 1
}

/** The first place from `at` to `end` whose bytes the base has too, and where; `from` goes along with `at`. */
function nextAnchor(
  bytes: Uint8Array,
  at: number,
  base: Uint8Array,
  from: number,
  end: number,
): { readonly at: number; readonly from: number } | null {
  const last = Math.min(end, bytes.length - anchorBytes)
  for (let place = at; place <= last; place++) {
    const anchor = table[slotOf(bytes, place)]! - 1
    if (anchor < 0 || bytes[place] !== base[anchor]) continue
    const isNear = Math.abs(anchor - (from + place - at)) <= nearBytes
    const least = isNear ? copyBytesMin : farCopyBytesMin
    if (commonLength(bytes, place, base, anchor) >= least) return { at: place, from: anchor }
  }
  return null
}

function slotOf(bytes: Uint8Array, at: number): number {
  const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  const high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24)
  return Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> (32 - tableBits)
}

function zigzag(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1
}

function unzigzag(word: number): number {
  return word % 2 === 0 ? word / 2 : -(word + 1) / 2
}

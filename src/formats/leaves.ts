// Rows of one slice into finished leaves: cut from the slice's own start, encoded, named and packed. Threads do this, so
// results are flat and own their bytes. Leaves that the version before has come back as a number only, and those that
// it has not come back unpacked, since they may become differences of old ones.
import { ensureCapacity } from '../base/bytes.ts'
import { sha256 } from '../base/platform.ts'
import type { Cid } from '../encoding/cid.ts'
import type { EntryBatch } from '../prolly/interface.ts'
import { NodeCutter } from '../prolly/node-cutter.ts'
import { NodeEncoder, type EncodedNode } from '../prolly/node-encoder.ts'
import { entryBytesMax, keyBytesMax, mapKind, sizeOfEntry } from '../prolly/rule.ts'
import { packWhole } from '../store/batch.ts'
import { contentCid } from '../table/content.ts'
import { findKnown, type KnownLeaves } from './known-leaves.ts'
import type { SliceResult, SliceRows } from './interface.ts'
import { entriesOf, ownRows, type PackedRows } from './packed.ts'

const digestBytes = 32

export interface LeafOptions {
  readonly leafTarget: number
  /** Leaves of the version before, where there is one. */
  readonly known: KnownLeaves | null
}

export interface PackedLeaves {
  readonly leafTarget: number
  readonly count: number
  /** Entries in all leaves and the tail. */
  readonly entryCount: number
  /** Two a leaf: its first and its last. */
  readonly keys: Uint8Array
  readonly keyEnds: Uint32Array
  readonly items: Uint32Array
  readonly measures: Uint32Array
  /** 32 bytes each. */
  readonly digests: Uint8Array
  /** By leaf: its number among the known ones, or -1. */
  readonly known: Int32Array
  /** Records of a pack, or the leaves as they are; nothing for a known one. */
  readonly form: 'records' | 'raw'
  readonly bytes: Uint8Array
  readonly ends: Uint32Array
  /** What is behind the last cut. */
  readonly tail: EntryBatch
}

/** Rows that are in order, as leaves; all others as they are, in bytes of their own. */
export function leavesOrRows(rows: SliceRows, leafOptions: LeafOptions): SliceResult {
  const { count, bytesRead, longRows, fault, faultLine, faultColumn, misfits } = rows
  const contents = rows.contents ?? []
  const isSound = rows.isOrdered && count > 0 && faultLine < 0
  const leaves = isSound ? leavesOf(rows, contents.map(contentCid), leafOptions) : null
  if (leaves === null) return { ...rows, ...ownRows(rows) }
  return { count, bytesRead, longRows, fault, faultLine, faultColumn, misfits, contents, leaves }
}

/** The rows must be in order; null when a leaf cannot hold one of them. */
export function leavesOf(
  rows: PackedRows,
  links: readonly Cid[],
  leafOptions: LeafOptions,
): PackedLeaves | null {
  const entries = entriesOf(rows, links)
  if (!fitLeaves(entries, leafOptions.leafTarget)) return null
  const basket = new Basket(leafOptions)
  const shape = { kind: mapKind, level: 0, leafTarget: leafOptions.leafTarget } as const
  const cutter = new NodeCutter(shape, (node, first, last) => basket.add(node, first, last), encoder)
  cutter.addRange(entries, 0, entries.count)
  return { ...basket.leaves(), entryCount: entries.count, tail: cutter.takeOpen() }
}

function fitLeaves(entries: EntryBatch, leafTarget: number): boolean {
  const keyMax = keyBytesMax(leafTarget)
  for (let i = 0; i < entries.count; i++) if (!fits(entries, i, keyMax)) return false
  return true
}

function fits(entries: EntryBatch, i: number, keyMax: number): boolean {
  const { keyEnds } = entries
  return keyEnds[i]! - (i === 0 ? 0 : keyEnds[i - 1]!) <= keyMax && sizeOfEntry(entries, i) <= entryBytesMax
}

// One slice after the other goes through a thread: what is copied out of stays.
const encoder = new NodeEncoder()
let scratch = new Uint8Array(1 << 20)
let keyScratch = new Uint8Array(1 << 14)

class Basket {
  readonly #leafOptions: LeafOptions
  readonly #digests: Uint8Array[] = []
  readonly #items: number[] = []
  readonly #measures: number[] = []
  readonly #keyEnds: number[] = []
  readonly #known: number[] = []
  readonly #ends: number[] = []
  #length = 0
  #keyLength = 0

  constructor(leafOptions: LeafOptions) {
    this.#leafOptions = leafOptions
  }

  add(node: EncodedNode, firstKey: Uint8Array, lastKey: Uint8Array): void {
    const digest = sha256(node.bytes)
    const known = this.#leafOptions.known === null ? -1 : findKnown(this.#leafOptions.known, digest)
    this.#digests.push(digest)
    this.#items.push(node.items)
    this.#measures.push(node.measure)
    this.#known.push(known)
    this.#addKey(firstKey)
    this.#addKey(lastKey)
    if (known < 0) {
      scratch = ensureCapacity(scratch, this.#length + node.bytes.length)
      scratch.set(node.bytes, this.#length)
      this.#length += node.bytes.length
    }
    this.#ends.push(this.#length)
  }

  leaves(): Omit<PackedLeaves, 'entryCount' | 'tail'> {
    const count = this.#ends.length
    const digests = new Uint8Array(count * digestBytes)
    this.#digests.forEach((digest, i) => digests.set(digest, i * digestBytes))
    return {
      leafTarget: this.#leafOptions.leafTarget,
      count,
      keys: keyScratch.slice(0, this.#keyLength),
      keyEnds: Uint32Array.from(this.#keyEnds),
      items: Uint32Array.from(this.#items),
      measures: Uint32Array.from(this.#measures),
      digests,
      known: Int32Array.from(this.#known),
      ...this.#packed(digests),
    }
  }

  #packed(digests: Uint8Array): Pick<PackedLeaves, 'form' | 'bytes' | 'ends'> {
    const rawEnds = Uint32Array.from(this.#ends)
    if (this.#leafOptions.known !== null) {
      return { form: 'raw', bytes: scratch.slice(0, this.#length), ends: rawEnds }
    }
    const raws = scratch.subarray(0, this.#length)
    const { records, ends } = packWhole({ codec: 'dag-cbor', raws, rawEnds, digests })
    return { form: 'records', bytes: records, ends }
  }

  #addKey(key: Uint8Array): void {
    keyScratch = ensureCapacity(keyScratch, this.#keyLength + key.length)
    keyScratch.set(key, this.#keyLength)
    this.#keyLength += key.length
    this.#keyEnds.push(this.#keyLength)
  }
}

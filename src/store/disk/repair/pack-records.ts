// What is right in a pack, whatever has happened to it. Records say by themselves what they are, so head, footer and
// trailer are not needed: from a record that makes no sense the search goes on at the next one's magic number. Whole
// objects are hashed here; deltas have to wait until their bases are found.
import path from 'node:path'
import { toHex } from '../../../base/bytes.ts'
import { isVarveError } from '../../../base/errors.ts'
import { sha256 } from '../../../base/platform.ts'
import { type Cid, cidOf, codecOf } from '../../../encoding/cid.ts'
import { packEndBytes, packHeadBytes, packTrailerBytes, readPackKind, readPackTrailer } from '../../pack.ts'
import { unpack } from '../../packing.ts'
import { readRecord, readRecordHead, recordMagic } from '../../record.ts'
import type { PlacedObject } from '../../run.ts'
import { cidDigest } from '../digest.ts'
import { readWhole } from '../files.ts'

const packBytesMax = 2 ** 30
const magicBytes = Buffer.alloc(4)
magicBytes.writeUInt32LE(recordMagic)

export interface FoundRecord extends PlacedObject {
  readonly cid: Cid
  readonly base: Cid | null
  /** Relative to the store. */
  readonly file: string
}

export interface ScannedPack {
  readonly file: string
  /** What is wrong with the file; null when all of it is as it was written. */
  readonly fault: string | null
  /** Hashed, deltas excepted. */
  readonly records: readonly FoundRecord[]
}

/** @throws ENOENT, VarveError VARVE_IO */
export function scanPackFile(dir: string, file: string): ScannedPack {
  const bytes = readWhole(path.join(dir, file), packBytesMax)
  const name = path.posix.basename(file, '.pack')
  const { end, fault } = endOf(bytes, name)
  const pack = { name, bytes: bytes.length }
  const records: FoundRecord[] = []
  for (let at = packHeadBytes; at < end;) {
    const found = recordAt(bytes, at, end)
    if (found === null) {
      at = nextMagic(bytes, at + 1)
      continue
    }
    const { cid, base, depth, length, isSure } = found
    records.push({
      cid,
      base,
      depth,
      length,
      offset: at,
      pack,
      file,
      codec: codecOf(cid),
      digest: cidDigest(cid),
    })
    at = isSure ? at + length : nextMagic(bytes, at + 1)
  }
  return { file, fault, records }
}

function endOf(bytes: Uint8Array, name: string): { end: number; fault: string | null } {
  try {
    readPackKind(bytes.subarray(0, packHeadBytes))
    const { footerAt, name: own } = readPackTrailer(
      bytes.subarray(Math.max(0, bytes.length - packTrailerBytes)),
      bytes.length,
    )
    const isWhole = own === name && toHex(sha256(bytes.subarray(0, bytes.length - packEndBytes))) === name
    return { end: footerAt, fault: isWhole ? null : 'the pack does not match its name' }
  } catch (error) {
    if (!isVarveError(error)) throw error
    return { end: bytes.length, fault: error.message }
  }
}

/** null where no right record begins. `isSure`: another one follows behind it, or its own hash says so. */
function recordAt(
  bytes: Uint8Array,
  at: number,
  end: number,
): { cid: Cid; base: Cid | null; depth: number; length: number; isSure: boolean } | null {
  try {
    const { length, depth } = readRecordHead(bytes, at, end)
    const record = readRecord(bytes, at, end)
    const { cid, base } = record
    if (base === null) {
      const raw = unpack(record.packing, record.payload, record.rawLength, null)
      return cidOf(codecOf(cid), raw) === cid ? { cid, base, depth, length, isSure: true } : null
    }
    return {
      cid,
      base,
      depth,
      length,
      isSure: at + length === end || nextMagic(bytes, at + length) === at + length,
    }
  } catch (error) {
    if (isVarveError(error)) return null
    throw error
  }
}

function nextMagic(bytes: Uint8Array, from: number): number {
  const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(magicBytes, from)
  return found < 0 ? bytes.length : found
}

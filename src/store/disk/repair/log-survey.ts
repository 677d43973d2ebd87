// The manifests as they are found: which are whole, which can be mended by turning one bit, and what is lost with the
// others. A manifest's own digest, its number and the digest that the next one names of it say when it is right.
import fs from 'node:fs'
import path from 'node:path'
import { VarveError, isVarveError } from '../../../base/errors.ts'
import type { Cid } from '../../../encoding/cid.ts'
import { decodeLogEntry, fileDigest, manifestBytesMax } from '../../manifest-file.ts'
import { refParts, refsOfParts } from '../../ref-spill.ts'
import { isMissing } from '../files.ts'
import { manifestName } from '../layout.ts'
import { type LoggedEntry, ManifestLog } from '../log.ts'
import { hintedNewest } from '../newest-hint.ts'
import { mendOneBit } from './one-bit.ts'
import type { Salvage } from './salvage.ts'

/** Trying takes up to some seconds; where so many are damaged, it was more than a bit. */
const triesMax = 16

export interface LogSurvey {
  /** By number, ascending. */
  readonly whole: ReadonlyMap<number, LoggedEntry>
  /** Those that were whole once: what they were. */
  readonly mended: ReadonlyMap<number, Uint8Array>
  /** Numbers of those that cannot be read, ascending. */
  readonly damaged: readonly number[]
  /** The newest there was, by all that is known. */
  readonly newest: number
  /** It cannot be read, or is gone. */
  readonly isNewestLost: boolean
}

/** @throws VarveError VARVE_CORRUPT, VARVE_UNSUPPORTED_FORMAT */
export function surveyLog(dir: string): LogSurvey {
  const sequences = new ManifestLog(dir).sequences()
  const whole = new Map<number, LoggedEntry>()
  const mended = new Map<number, Uint8Array>()
  const damaged: number[] = []
  // Newest first: each names the digest of the one before.
  let previous: string | null = null
  for (const sequence of sequences.toReversed()) {
    const bytes = bytesOf(dir, sequence)
    if (bytes === null) continue
    const isRight = (candidate: Uint8Array): boolean => isEntry(candidate, sequence, previous)
    const mayTry = damaged.length < triesMax
    const right = isRight(bytes) ? bytes : mayTry ? mendOneBit(bytes, isRight) : null
    if (right === null) {
      damaged.unshift(sequence)
      refuseNewer(bytes, sequence)
      previous = null
      continue
    }
    if (right !== bytes) mended.set(sequence, right)
    const entry = { ...decodeLogEntry(right, manifestName(sequence)), digest: fileDigest(right) }
    whole.set(sequence, entry)
    previous = entry.previous
  }
  if (whole.size === 0) throw noManifest(dir)
  const last = sequences.at(-1)!
  const newest = hintedNewest(dir) ?? last
  return { whole: new Map([...whole].reverse()), mended, damaged, newest, isNewestLost: !whole.has(newest) }
}

/** Refs of an entry, wherever they are; null where they cannot be had. */
export function refsOf(entry: LoggedEntry, salvage: Salvage): ReadonlyMap<string, Cid> | null {
  if (typeof entry.refs !== 'string') return entry.refs
  try {
    return refsOfParts(salvage.get(refParts(salvage.get([entry.refs])[0]!)))
  } catch (error) {
    if (isVarveError(error)) return null
    throw error
  }
}

function bytesOf(dir: string, sequence: number): Uint8Array | null {
  const file = path.join(dir, manifestName(sequence))
  try {
    // A file that has grown is damaged; what it begins with is looked at all the same.
    return fs.readFileSync(file).subarray(0, manifestBytesMax + 1)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

function isEntry(bytes: Uint8Array, sequence: number, digest: string | null): boolean {
  try {
    if (decodeLogEntry(bytes, '').manifest.sequence !== sequence) return false
    return digest === null || fileDigest(bytes) === digest
  } catch (error) {
    if (isVarveError(error)) return false
    throw error
  }
}

/** Refuses an entry that a newer program wrote, which is no damage. */
function refuseNewer(bytes: Uint8Array, sequence: number): void {
  try {
    decodeLogEntry(bytes, manifestName(sequence))
  } catch (error) {
    if (isVarveError(error, 'VARVE_UNSUPPORTED_FORMAT')) throw error
  }
}

function noManifest(dir: string): VarveError {
  return new VarveError(
    'VARVE_CORRUPT',
    `no manifest of '${dir}' can be read: which branches there were is lost`,
    {
      data: { path: dir },
      hint: 'clone it anew from a remote or a backup; the contents are in packs/, so leave this folder as it is until then',
    },
  )
}

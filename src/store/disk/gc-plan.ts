// What a gc would do with one view: which entries live, which packs are worth rewriting, which objects must be copied.
// A pack is rewritten when much of it is garbage, or when it is one of many small ones; a living delta whose base
// does not live is copied as well, for it could not be read without it.
import { toHex } from '../../base/bytes.ts'
import { isTurnOver, takeTurn } from '../../base/turns.ts'
import type { Cid } from '../../encoding/cid.ts'
import { packHeadBytes, packTrailerBytes } from '../pack.ts'
import { type PackRef, type Run, entryBytes, prefixBytes } from '../segment.ts'
import { filterRun, mergeRuns } from '../run.ts'

/** Rewrite a pack when more of it than this is garbage. */
const garbageShareMax = 0.3
/** Packs below this are small; so many small ones are put together. */
const smallPackBytes = 4 << 20
export const smallPacksMax = 8
const packOverheadBytes: number = packHeadBytes + packTrailerBytes

export interface GcPlan {
  /** All that lives, where it lies now. */
  readonly living: Run
  readonly livingBytes: number
  /** Objects before, living or not. */
  readonly total: number
  /** Packs to be rewritten. */
  readonly victims: ReadonlySet<string>
  /** What is packed whole is packed anew. */
  readonly repacks: boolean
}

export function isSmallPack({ bytes }: PackRef): boolean {
  return bytes < smallPackBytes
}

/** How many packs will be left, at the least: what is put together may fill more than one. */
export function packsAfter({ packs }: Run, victims: ReadonlySet<string>): number {
  return packs.length - victims.size + (victims.size > 0 ? 1 : 0)
}

/** The part of an object's name that is in an index entry. */
export function entryNameOf(cid: Cid): string {
  return cid.slice(2, 4) + cid.slice(8, 8 + 2 * prefixBytes)
}

export function entryNameAt(run: Run, at: number): string {
  return (run.entries[at + 31]! & 1 ? '71' : '55') + toHex(run.entries, at, at + prefixBytes)
}

/** @throws VarveError VARVE_ABORTED */
export async function planGc(
  segments: readonly Run[],
  marked: ReadonlySet<Cid>,
  { repacks = false, signal }: { readonly repacks?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<GcPlan> {
  const all = mergeRuns(segments)
  const names = new Set<string>()
  for (const cid of marked) {
    names.add(entryNameOf(cid))
    if (isTurnOver()) await takeTurn(signal)
  }
  const lives = new Uint8Array(all.entries.length / entryBytes)
  for (let i = 0; i < lives.length; i++) {
    lives[i] = Number(names.has(entryNameAt(all, i * entryBytes)))
    if (isTurnOver()) await takeTurn(signal)
  }
  const living = filterRun(all, (at) => lives[at / entryBytes] === 1)
  const used = usedBytes(living)
  return {
    living,
    livingBytes: used.reduce((sum, bytes) => sum + bytes, 0),
    total: all.entries.length / entryBytes,
    victims: repacks ? new Set(living.packs.map(({ name }) => name)) : victimsOf(living, used),
    repacks,
  }
}

/** Entries of a run that lie in one of these packs, as a set of names. */
export function namesIn(run: Run, victims: ReadonlySet<string>): Set<string> {
  const view = new DataView(run.entries.buffer, run.entries.byteOffset, run.entries.length)
  const names = new Set<string>()
  for (let at = 0; at < run.entries.length; at += entryBytes) {
    if (victims.has(run.packs[view.getUint32(at + prefixBytes, true)]!.name)) names.add(entryNameAt(run, at))
  }
  return names
}

/** The living entries that are deltas. */
export function deltaNames(run: Run): Set<string> {
  const names = new Set<string>()
  for (let at = 0; at < run.entries.length; at += entryBytes) {
    if (run.entries[at + 31]! > 1) names.add(entryNameAt(run, at))
  }
  return names
}

function usedBytes(living: Run): Float64Array {
  const used = new Float64Array(living.packs.length)
  const view = new DataView(living.entries.buffer, living.entries.byteOffset, living.entries.length)
  for (let at = 0; at < living.entries.length; at += entryBytes) {
    used[view.getUint32(at + prefixBytes, true)]! += view.getUint32(at + 28, true) & 0xffffff
  }
  return used
}

function victimsOf(living: Run, used: Float64Array): Set<string> {
  const wasteful = living.packs.filter(
    (pack, i) => used[i]! < (pack.bytes - packOverheadBytes) * (1 - garbageShareMax),
  )
  const small = living.packs.filter(isSmallPack)
  return new Set([...wasteful, ...(small.length > smallPacksMax ? small : [])].map((pack) => pack.name))
}

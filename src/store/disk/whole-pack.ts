// Packs that a transfer wants whole: nearly all of their bytes are asked for, and every record in them unpacks by itself.
// Such a pack may be taken as the file it is, instead of object by object. What is in it besides is named, so that
// nothing goes along which was not meant to.
import fs from 'node:fs'
import { type VarveError, corrupt, isVarveError } from '../../base/errors.ts'
import { isTurnOver, takeTurn } from '../../base/turns.ts'
import type { Cid } from '../../encoding/cid.ts'
import { type ReadOptions, type WholePack, objectBytesMax } from '../interface.ts'
import { packHeadBytes, packTrailerBytes, readPackKind, readPackTrailer } from '../pack.ts'
import { readRecordHead, recordCid, recordHeadBytes } from '../record.ts'
import { isMissing, openExisting, openPack, readRange } from './files.ts'
import type { Place } from './read.ts'

/** Below this taking single objects is as good. */
const packBytesMin = 1 << 20
const packBytesMax = 256 << 20
const askedShareMin = 0.9
/** On average. The heads of shorter ones are not read one by one. */
const recordBytesMin = 4 << 10

interface Asked {
  readonly cid: Cid
  readonly offset: number
  readonly length: number
}

/** Those of the packs in which `cids` lie; the others' objects are read as usual. */
export async function* wholePacksOf(
  cids: readonly Cid[],
  locate: (cid: Cid) => Place | null,
  { signal }: ReadOptions = {},
): AsyncGenerator<WholePack> {
  const byFile = new Map<string, Asked[]>()
  const mixed = new Set<string>()
  for (const cid of new Set(cids)) {
    if (isTurnOver()) await takeTurn(signal)
    const place = locate(cid)
    if (place === null || 'raw' in place) continue
    const { file, offset, length, depth } = place
    if (depth > 0) mixed.add(file)
    const asked = byFile.get(file)
    if (asked === undefined) byFile.set(file, [{ cid, offset, length }])
    else asked.push({ cid, offset, length })
  }
  for (const [file, asked] of byFile) {
    await takeTurn(signal)
    if (mixed.has(file) || bytesOf(asked) < packBytesMin) continue
    const pack = wholePack(file, asked)
    if (pack !== null) yield pack
  }
}

/** All of a pack that no index knows; null where it cannot be taken whole, or its records are short. */
export function unknownPack(file: string): WholePack | null {
  return wholePack(file, null)
}

/** null where something does not fit: whoever reads its objects one by one hears what it is. */
function wholePack(file: string, asked: readonly Asked[] | null): WholePack | null {
  let fd: number
  try {
    fd = openExisting(file)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
  try {
    const { size } = fs.fstatSync(fd)
    if (size > packBytesMax || (asked !== null && bytesOf(asked) < askedShareMin * size)) return null
    return { file, open: () => openPack(file), bytes: size, ...recordsOf(fd, file, size, asked) }
  } catch (error) {
    if (isVarveError(error, 'VARVE_CORRUPT')) return null
    throw error
  } finally {
    fs.closeSync(fd)
  }
}

/** The footer says where records begin; only the heads of those that nobody asked for need be read. */
function recordsOf(
  fd: number,
  file: string,
  size: number,
  asked: readonly Asked[] | null,
): Pick<WholePack, 'kind' | 'cids' | 'ends'> {
  const kind = readPackKind(readRange(fd, 0, packHeadBytes, file))
  const trailer = readPackTrailer(readRange(fd, size - packTrailerBytes, packTrailerBytes, file), size)
  if (asked === null && trailer.footerAt < recordBytesMin * trailer.records) throw unfit()
  const footer = readRange(fd, trailer.footerAt, trailer.records * 4, file)
  const view = new DataView(footer.buffer, footer.byteOffset, footer.length)
  const known = new Map(asked?.map(({ cid, offset }) => [offset, cid]))
  const cids: Cid[] = []
  const ends = new Uint32Array(trailer.records)
  for (let i = 0; i < trailer.records; i++) {
    const at = view.getUint32(i * 4, true)
    const end = i + 1 < trailer.records ? view.getUint32(i * 4 + 4, true) : trailer.footerAt
    const isNext = at === (i === 0 ? packHeadBytes : ends[i - 1]!)
    if (!isNext || end - at < recordHeadBytes || end - at > recordHeadBytes + objectBytesMax) throw unfit()
    ends[i] = end
    cids.push(known.get(at) ?? cidAt(fd, at, file))
  }
  return { kind, cids, ends }
}

function cidAt(fd: number, at: number, file: string): Cid {
  const bytes = readRange(fd, at, recordHeadBytes, file)
  const head = readRecordHead(bytes, 0)
  if (head.depth > 0) throw unfit()
  return recordCid(bytes, 0, head)
}

function bytesOf(asked: readonly Asked[]): number {
  return asked.reduce((sum, { length }) => sum + length, 0)
}

function unfit(): VarveError {
  return corrupt('a pack that cannot be taken whole')
}

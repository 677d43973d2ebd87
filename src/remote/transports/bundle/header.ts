// A bundle: history in one file, to be carried by hand or kept for later. Behind a header that names refs and what the
// receiver must have already, the files of a store follow as they are: one index segment, then its packs. So it is
// read in place, like any store, and nothing in it is believed unseen. Numbers are little-endian.
//
//   0 magic 'VBUN'   4 version u8 = 1, 3 zero bytes   8 header length u32   12 sha-256 of the header   44 header
//   then the files, one behind the other, and nothing behind the last
//
// The header is a dag-cbor map: `head` (name of the branch to begin with, or null), `refs` (name -> link), `needs`
// (links to commits that the receiver must have; their own objects are inside), `files` ([name, bytes] each).
import type { CID } from 'multiformats/cid'
import { concatBytes, equalBytes, utf8 } from '../../../base/bytes.ts'
import { type ErrorFacts, VarveError } from '../../../base/errors.ts'
import { sha256 } from '../../../base/platform.ts'
import { decodeCbor, encodeCbor } from '../../../encoding/cbor.ts'
import { type Cid, type CommitCid, cidFromLink, cidToLink } from '../../../encoding/cid.ts'
import { packPath, segmentPath } from '../../../store/disk/layout.ts'
import { packHeadBytes, packTrailerBytes } from '../../../store/pack.ts'

export const preludeBytes = 44
const headerBytesMax: number = 64 << 20
const segmentBytesMax = 2 ** 31 - 1
/** A pack is closed at 64 MiB and a little: nobody should make us read more at once. */
const packBytesMax: number = 128 << 20

export interface BundleFile {
  readonly name: string
  readonly bytes: number
}

export interface BundleHeader {
  readonly head: string | null
  readonly refs: ReadonlyMap<string, Cid>
  readonly needs: readonly CommitCid[]
  /** The segment, then the packs that it names. */
  readonly files: readonly BundleFile[]
}

const magic = utf8('VBUN')

export function isBundlePrelude(bytes: Uint8Array): boolean {
  return equalBytes(bytes.subarray(0, 4), magic)
}

/** The beginning of a bundle: prelude and header. */
export function encodeBundleHeader(header: BundleHeader): Uint8Array {
  const body = encodeCbor({
    head: header.head,
    refs: Object.fromEntries([...header.refs].map(([name, cid]) => [name, cidToLink(cid)])),
    needs: header.needs.map((cid) => cidToLink(cid)),
    files: header.files.map(({ name, bytes }) => [name, bytes]),
  })
  if (body.length > headerBytesMax) {
    throw new VarveError('VARVE_NOT_POSSIBLE', 'a bundle cannot hold that many refs', {
      data: { refs: header.refs.size },
      hint: 'name fewer of them',
    })
  }
  const prelude = new Uint8Array(preludeBytes)
  prelude.set(magic)
  prelude[4] = 1
  new DataView(prelude.buffer).setUint32(8, body.length, true)
  prelude.set(sha256(body), 12)
  return concatBytes([prelude, body])
}

/** There is no repository in which `varve fsck` could look, only the file. */
export function damaged(what: string, data: ErrorFacts = {}, cause?: unknown): VarveError {
  return new VarveError('VARVE_CORRUPT', what, {
    data,
    cause,
    hint: "get the file once more from whoever made it with 'varve bundle create'",
  })
}

/** The length of the header that follows. @throws VarveError VARVE_CORRUPT, VARVE_UNSUPPORTED_FORMAT */
export function readPrelude(bytes: Uint8Array, where: string): number {
  if (bytes.length < preludeBytes || !isBundlePrelude(bytes))
    throw damaged(`'${where}' is not a bundle, or not whole`)
  if (bytes[4]! > 1) {
    throw new VarveError('VARVE_UNSUPPORTED_FORMAT', `'${where}' was written by a newer version of varve`, {
      hint: "update varve; 'varve --version' says which version this is",
    })
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true)
  if (bytes[4] !== 1 || bytes[5]! + bytes[6]! + bytes[7]! !== 0 || length > headerBytesMax)
    throw damaged(`'${where}' is not a bundle of version 1`)
  return length
}

/** `size` is the length of the whole file. @throws VarveError VARVE_CORRUPT */
export function decodeBundleHeader(
  prelude: Uint8Array,
  body: Uint8Array,
  size: number,
  where: string,
): BundleHeader {
  if (!equalBytes(sha256(body), prelude.subarray(12, preludeBytes)))
    throw damaged(`the header of '${where}' does not match its digest`)
  const header = readHeader(decodeCbor(body, `the header of '${where}'`), where)
  checkFiles(header.files, where)
  const end = header.files.reduce((sum, file) => sum + file.bytes, preludeBytes + body.length)
  if (end !== size) {
    throw damaged(`'${where}' ${size < end ? 'is cut short' : 'has more behind its end'}`, {
      bytes: size,
      expected: end,
    })
  }
  return header
}

function readHeader(value: unknown, where: string): BundleHeader {
  try {
    const { head, refs, needs, files } = value as {
      head: unknown
      refs: Record<string, CID>
      needs: CID[]
      files: [unknown, unknown][]
    }
    if (head !== null && typeof head !== 'string') throw new RangeError('head is not a name')
    return {
      head,
      refs: new Map(Object.entries(refs).map(([name, link]) => [name, cidFromLink(link)])),
      needs: needs.map((link) => cidFromLink(link)),
      files: files.map(([name, bytes]) => ({ name: String(name), bytes: Number(bytes) })),
    }
  } catch (cause) {
    throw damaged(`the header of '${where}' makes no sense`, {}, cause)
  }
}

function checkFiles(files: readonly BundleFile[], where: string): void {
  const least = packHeadBytes + packTrailerBytes
  const isSane = files.every(({ name, bytes }, i) => {
    const stem = /([0-9a-f]{64})\.(?:idx|pack)$/.exec(name)?.[1] ?? ''
    const isNamed = i === 0 ? name === segmentPath(stem) : name === packPath(stem)
    const most = i === 0 ? segmentBytesMax : packBytesMax
    return isNamed && Number.isSafeInteger(bytes) && bytes >= least && bytes <= most
  })
  if (!isSane || files.length < 2 || new Set(files.map(({ name }) => name)).size !== files.length)
    throw damaged(`the header of '${where}' names files that no bundle has`)
}

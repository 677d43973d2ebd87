// Reads every byte of a bundle: each pack against its name, each record against its own, the index against the
// records, and that what the refs reach is inside or comes from the commits it continues from.
import fs from 'node:fs'
import { toHex } from '../../../base/bytes.ts'
import { corrupt, isVarveError, throwIfAborted } from '../../../base/errors.ts'
import { sha256 } from '../../../base/platform.ts'
import { type Cid, codecOf } from '../../../encoding/cid.ts'
import { linksOf } from '../../../encoding/links.ts'
import { readRange } from '../../../store/disk/files.ts'
import type { FsckProblem } from '../../../store/interface.ts'
import { packHeadBytes, packTrailerBytes, readPackKind, readPackTrailer } from '../../../store/pack.ts'
import { readRecord, readRecordHead } from '../../../store/record.ts'
import type { TransferOptions } from '../../interface.ts'
import type { BundleStore } from './store.ts'

const batchObjects = 256

export interface BundleCheck {
  readonly objects: number
  /** Length of the objects, unpacked. */
  readonly bytes: number
  /** Objects that are linked to and not inside: the receiver has them, if it has what the bundle continues from. */
  readonly outside: number
  readonly problems: readonly FsckProblem[]
}

export async function checkBundle(bundle: BundleStore, options: TransferOptions = {}): Promise<BundleCheck> {
  const problems: FsckProblem[] = []
  const cids: Cid[] = []
  let bytes = 0
  const packs = bundle.header.files.slice(1)
  for (const [i, { name, bytes: size }] of packs.entries()) {
    throwIfAborted(options.signal)
    try {
      bytes += checkPack(readPack(bundle, name, size), name, cids)
    } catch (error) {
      if (!isVarveError(error)) throw error
      problems.push({ where: name, what: error.message })
    }
    options.onProgress?.({ phase: 'checking', done: i + 1, total: packs.length, unit: 'objects' })
  }
  if (problems.length === 0 && cids.length !== bundle.segment.count)
    problems.push({
      where: bundle.header.files[0]!.name,
      what: 'the index does not name what the packs hold',
    })
  const outside = new Set<Cid>()
  for (let at = 0; at < cids.length; at += batchObjects) {
    throwIfAborted(options.signal)
    await checkObjects(bundle, cids.slice(at, at + batchObjects), outside, problems)
  }
  for (const [ref, cid] of bundle.header.refs)
    if (!(await bundle.has([cid]))[0]) problems.push({ where: ref, what: 'what the ref names is not inside' })
  for (const cid of bundle.header.needs)
    if (!(await bundle.has([cid]))[0])
      problems.push({ where: cid, what: 'a commit it continues from is not inside' })
  if (bundle.header.needs.length === 0)
    for (const cid of outside) problems.push({ where: cid, what: 'the object is missing' })
  return { objects: cids.length, bytes, outside: outside.size, problems }
}

function readPack(bundle: BundleStore, name: string, size: number): Uint8Array {
  const fd = fs.openSync(bundle.location, 'r')
  try {
    return readRange(fd, bundle.starts.get(name)!, size, bundle.location)
  } finally {
    fs.closeSync(fd)
  }
}

/** Adds the names that its records claim; returns how many bytes they unpack to. */
function checkPack(pack: Uint8Array, name: string, cids: Cid[]): number {
  readPackKind(pack.subarray(0, packHeadBytes))
  const trailer = readPackTrailer(pack.subarray(pack.length - packTrailerBytes), pack.length)
  const digest = toHex(sha256(pack.subarray(0, pack.length - 36)))
  if (digest !== trailer.name || !name.endsWith(`/${digest}.pack`))
    throw corrupt('the pack does not match its name')
  const records = pack.subarray(0, trailer.footerAt)
  let bytes = 0
  let at = packHeadBytes
  for (let i = 0; i < trailer.records; i++) {
    cids.push(readRecord(records, at).cid)
    const head = readRecordHead(records, at)
    bytes += head.rawLength
    at += head.length
  }
  if (at !== trailer.footerAt) throw corrupt('there are bytes between records and footer')
  return bytes
}

/** Unpacks and hashes them, by way of the index, and follows their links. */
async function checkObjects(
  bundle: BundleStore,
  cids: readonly Cid[],
  outside: Set<Cid>,
  problems: FsckProblem[],
): Promise<void> {
  // A commit that it continues from is inside only as a signpost: what that links to is not.
  const needs = new Set<Cid>(bundle.header.needs)
  for (const cid of cids) {
    try {
      const [object] = await bundle.get([cid])
      if (codecOf(cid) === 'raw' || needs.has(cid)) continue
      const links = linksOf(cid, object!)
      const present = await bundle.has(links)
      links.forEach((link, i) => {
        if (present[i] !== true) outside.add(link)
      })
    } catch (error) {
      if (!isVarveError(error)) throw error
      problems.push({ where: cid, what: error.message })
    }
  }
}

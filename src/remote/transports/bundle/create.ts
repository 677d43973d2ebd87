// Writes a bundle: what refs reach and some commits do not. The objects go through a store in a scratch folder beside
// the file, so that they lie in ordinary packs with one index; then the file is put together, flushed and renamed. A
// delta whose base stays outside is written whole: the file needs nothing but the commits that it names.
import fs from 'node:fs'
import path from 'node:path'
import { VarveError, throwIfAborted } from '../../../base/errors.ts'
import type { Cid, CommitCid } from '../../../encoding/cid.ts'
import { temporaryName } from '../../../store/disk/temporary-name.ts'
import { DiskStore } from '../../../store/disk/store.ts'
import {
  ioError,
  openNew,
  readRange,
  readWhole,
  rename,
  syncDir,
  syncFile,
  writeAll,
} from '../../../store/disk/files.ts'
import { packPath, segmentPath } from '../../../store/disk/layout.ts'
import { ManifestLog } from '../../../store/disk/log.ts'
import type { Store } from '../../../store/interface.ts'
import { Segment } from '../../../store/segment.ts'
import type { TransferOptions } from '../../interface.ts'
import { readHorizon, upToHorizon } from '../../../history/horizon.ts'
import { knownHistory } from '../../known-history.ts'
import { negotiate } from '../../negotiate.ts'
import { peelAll } from '../../peel.ts'
import { copyClosure } from '../../transfer.ts'
import { type BundleFile, encodeBundleHeader } from './header.ts'

const pieceBytes = 1 << 20

export interface CreateBundleOptions extends TransferOptions {
  /** Full names, and what they name. */
  readonly refs: ReadonlyMap<string, Cid>
  readonly head: string | null
  /** What these reach is left out: the receiver must have it. */
  readonly since: readonly CommitCid[]
}

export interface BundleReport {
  readonly needs: readonly CommitCid[]
  readonly commits: number
  readonly objects: number
  /** Length of the file. */
  readonly bytes: number
}

/** @throws VarveError VARVE_NOT_POSSIBLE when there is nothing to put in, VARVE_IO */
export async function createBundle(
  local: Store,
  file: string,
  options: CreateBundleOptions,
): Promise<BundleReport> {
  const scratch = temporaryName(path.resolve(file))
  makeScratch(scratch)
  try {
    const store = await DiskStore.create(scratch, { durability: 'loose' })
    try {
      const gathered = await gather(local, store, options)
      const bytes = await assemble(scratch, path.resolve(file), { ...options, needs: gathered.needs })
      return { ...gathered, bytes }
    } finally {
      await store.close()
    }
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true })
  }
}

async function gather(
  local: Store,
  store: DiskStore,
  options: CreateBundleOptions,
): Promise<Omit<BundleReport, 'bytes'>> {
  const { refs, since, signal, onProgress } = options
  const wants = [...new Set(refs.values())]
  const tips = [...(await peelAll(local, wants)).values()].map(({ commit }) => commit)
  // A shallow repository can bundle what continues from commits that it knows by name only, but nothing more.
  const lacked = (await readHorizon(local, await local.manifest())).commits
  const here = upToHorizon(local, lacked)
  const known = await knownHistory(here, since, lacked)
  const { fresh, boundary } = await negotiate(local, known, tips, { lacked }, signal)
  if (fresh.length === 0) {
    throw new VarveError('VARVE_NOT_POSSIBLE', 'there is nothing to put into a bundle', {
      data: { refs: [...refs.keys()] },
      hint: 'name a branch or tag that has commits which what is left out has not',
    })
  }
  const writer = store.writer()
  const receiver = { writer, arrived: async () => undefined }
  const copied = await copyClosure(
    { from: local, to: here },
    receiver,
    { wants, haves: since },
    {
      local: 'sender',
      phase: 'bundling',
      bounds: { lacked },
      signal,
      onProgress,
    },
  )
  // A reader looks at the commits it is to continue from, to see where it has arrived.
  const needs = boundary.map(({ cid }) => cid)
  for (const bytes of await local.get(needs)) writer.put('dag-cbor', bytes)
  await store.update(() => ({ operation: { name: 'bundle', message: '', author: '' } }), { writer, signal })
  return { needs, commits: fresh.length, objects: copied.objects }
}

/** Writes the file; returns its length. */
async function assemble(
  scratch: string,
  file: string,
  options: CreateBundleOptions & { readonly needs: readonly CommitCid[] },
): Promise<number> {
  const { name } = new ManifestLog(scratch).newest().segments[0]!
  const segment = readWhole(path.join(scratch, segmentPath(name)), 2 ** 31 - 1)
  const packs = new Segment(segment, name).packs
  const files: BundleFile[] = [
    { name: segmentPath(name), bytes: segment.length },
    ...packs.map((pack) => ({ name: packPath(pack.name), bytes: pack.bytes })),
  ]
  const temporary = path.join(scratch, 'bundle')
  const fd = openNew(temporary)
  let at = 0
  try {
    const append = async (bytes: Uint8Array): Promise<void> => {
      throwIfAborted(options.signal)
      await writeAll(fd, bytes, at, temporary)
      at += bytes.length
    }
    await append(encodeBundleHeader({ ...options, files }))
    for (const one of files) for (const piece of piecesOf(path.join(scratch, one.name))) await append(piece)
    await syncFile(fd, temporary)
  } finally {
    fs.closeSync(fd)
  }
  rename(temporary, file)
  await syncDir(path.dirname(file))
  return at
}

function* piecesOf(file: string): Generator<Uint8Array> {
  const fd = fs.openSync(file, 'r')
  try {
    for (let at = 0; ;) {
      const piece = readRange(fd, at, pieceBytes, file)
      if (piece.length === 0) return
      at += piece.length
      yield piece
    }
  } finally {
    fs.closeSync(fd)
  }
}

function makeScratch(scratch: string): void {
  try {
    fs.mkdirSync(scratch, { mode: 0o700 })
  } catch (cause) {
    throw ioError(cause, scratch)
  }
}

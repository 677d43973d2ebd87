// Reads files of the worktree so that what is read is one state of the file: its stat (size, times, inode) is the same
// before and after, and exactly as many bytes came as it says. A file that changes meanwhile is read once more, then
// given up with an error that names it. Symlinks are not followed, and a pipe in a file's place does not hang.
import * as fs from 'node:fs'
import { VarveError, throwIfAborted } from '../base/errors.ts'
import type { Sha256Stream } from '../base/platform.ts'
import type { Path } from '../files/interface.ts'
import type { ByteSource } from '../formats/interface.ts'
import { nativePath, withPathErrors } from './native.ts'
import { type FileStat, fileStatOf, sameStat } from './file-stat.ts'

/** Files up to this size are read whole, in one call. */
export const smallBytesMax: number = 256 << 10

const partBytes = 1 << 20
const flags = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK

/** The bytes of a small file and the stat they belong to. The buffer may be `scratch`: use it before the next call. */
export function readSmall(
  root: string,
  path: Path,
  scratch: Uint8Array = new Uint8Array(smallBytesMax),
): { bytes: Uint8Array; stat: FileStat } | null {
  for (let attempt = 0; attempt < 2; attempt++) {
    const fd = openForReading(root, path)
    try {
      const before = statOfOpen(fd, path)
      if (before.size > scratch.length) return null
      const length = withPathErrors(path, 'reading', () => readUpTo(fd, scratch, before.size))
      if (length === before.size && sameStat(before, statOfOpen(fd, path))) {
        return { bytes: scratch.subarray(0, length), stat: before }
      }
    } finally {
      fs.closeSync(fd)
    }
  }
  throw unstableFile(path)
}

/** Reads up to `size` bytes; that the file has no more is the second stat's to say. */
function readUpTo(fd: number, target: Uint8Array, size: number): number {
  let length = 0
  while (length < size) {
    const read = fs.readSync(fd, target, length, size - length, length)
    if (read === 0) break
    length += read
  }
  return length
}

export interface SteadyOptions {
  readonly signal?: AbortSignal | undefined
  /** Where each part is read to, so that it is good until the next is asked for; default: each has its own bytes. */
  readonly buffer?: Uint8Array | undefined
}

/** Gives `work` the file's bytes as a stream, and proves afterwards that they were one state of it; else once more. */
export async function readSteady<T>(
  root: string,
  path: Path,
  work: (source: AsyncIterable<Uint8Array>, stat: FileStat) => Promise<T>,
  options: SteadyOptions = {},
): Promise<{ result: T; stat: FileStat }> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const fd = openForReading(root, path)
    try {
      const before = statOfOpen(fd, path)
      const read = { bytes: 0, ended: false }
      const outcome = await settled(work(parts(fd, path, read, options), before))
      const steady = sameStat(before, statOfOpen(fd, path)) && (!read.ended || read.bytes === before.size)
      // A fault found in a file that somebody was writing says nothing about the file.
      if (!steady) continue
      if ('error' in outcome) throw outcome.error
      return { result: outcome.result, stat: before }
    } finally {
      fs.closeSync(fd)
    }
  }
  throw unstableFile(path)
}

/** Gives `work` ranges of the file, and a check that it is still what it was: to be made before the result counts. */
export async function readRanges<T>(
  root: string,
  path: Path,
  work: (file: ByteSource, opened: { readonly stat: FileStat; readonly check: () => void }) => Promise<T>,
): Promise<T> {
  const fd = openForReading(root, path)
  try {
    const stat = statOfOpen(fd, path)
    const check = (): void => {
      if (!sameStat(stat, statOfOpen(fd, path))) throw unstableFile(path)
    }
    const read = async (start: number, length: number, into?: Uint8Array): Promise<Uint8Array> =>
      readRange(fd, path, start, into?.subarray(0, length) ?? new Uint8Array(length))
    return await work({ size: stat.size, read }, { stat, check })
  } finally {
    fs.closeSync(fd)
  }
}

function readRange(fd: number, path: Path, start: number, bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  let done = 0
  while (done < length) {
    const read = withPathErrors(path, 'reading', () =>
      fs.readSync(fd, bytes, done, length - done, start + done),
    )
    if (read === 0) break
    done += read
  }
  return bytes.subarray(0, done)
}

async function settled<T>(work: Promise<T>): Promise<{ result: T } | { error: unknown }> {
  try {
    return { result: await work }
  } catch (error) {
    return { error }
  }
}

// The kernel reads ahead, so a synchronous read of the next part seldom waits; a promise a part costs more.
async function* parts(
  fd: number,
  path: Path,
  read: { bytes: number; ended: boolean },
  { signal, buffer }: SteadyOptions,
): AsyncGenerator<Uint8Array> {
  for (;;) {
    throwIfAborted(signal)
    const part = buffer ?? new Uint8Array(partBytes)
    const length = withPathErrors(path, 'reading', () => fs.readSync(fd, part, 0, part.length, read.bytes))
    if (length === 0) break
    read.bytes += length
    yield part.subarray(0, length)
  }
  read.ended = true
}

/** The same bytes, fed to a hash as they pass. */
export async function* hashed(
  source: AsyncIterable<Uint8Array>,
  hash: Sha256Stream,
): AsyncGenerator<Uint8Array> {
  for await (const part of source) {
    hash.update(part)
    yield part
  }
}

export function readTarget(root: string, path: Path): Uint8Array {
  // A Buffer's slices are views; nobody is to be surprised by that.
  return new Uint8Array(
    withPathErrors(path, 'reading', () => fs.readlinkSync(nativePath(root, path), { encoding: 'buffer' })),
  )
}

function openForReading(root: string, path: Path): number {
  return withPathErrors(path, 'opening', () => fs.openSync(nativePath(root, path), flags))
}

function statOfOpen(fd: number, path: Path): FileStat {
  const stat = fileStatOf(withPathErrors(path, 'reading', () => fs.fstatSync(fd)))
  if (stat === null || stat.kind !== 'file') {
    throw new VarveError('VARVE_NOT_POSSIBLE', `'${path}' is no longer a file`, {
      data: { path },
      hint: 'something replaced it meanwhile; run the command again',
    })
  }
  return stat
}

export function unstableFile(path: Path): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' changes while it is read`, {
    data: { path },
    hint: 'try again when nobody writes to it',
  })
}

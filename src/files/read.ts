// Reads a file's bytes, all or a range. Chunks are asked for in groups, and the next group is on its way while the
// caller works on this one: a reader in order waits for the disk or the network once, not once a chunk.
import { corrupt, throwIfAborted } from '../base/errors.ts'
import { binaryRule } from '../chunking/gear.ts'
import { type Cid, codecOf } from '../encoding/cid.ts'
import { ByteReader } from '../encoding/varint.ts'
import { linksAt, valueAt } from '../prolly/entry-batch.ts'
import type { EntryBatch } from '../prolly/interface.ts'
import { ProllyList } from '../prolly/list.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { chunkListKind } from '../prolly/rule.ts'
import type { ObjectReader, ReadOptions } from '../store/interface.ts'
import type { FileContent } from './interface.ts'

const groupBytesMax = 4 << 20

export interface ReadFileOptions {
  /** Half-open range of bytes; beyond the file's end there are none. */
  readonly start?: number | undefined
  readonly end?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Chunk {
  readonly cid: Cid
  readonly length: number
}

/** The file's bytes, in pieces of at most a chunk. They are views, not to be changed. */
export async function* readFile(
  nodes: NodeStore,
  file: FileContent,
  options: ReadFileOptions = {},
): AsyncGenerator<Uint8Array> {
  const start = Math.max(0, options.start ?? 0)
  const end = Math.min(file.size, options.end ?? file.size)
  if (start >= end && file.size > 0) return
  if (codecOf(file.content) === 'raw') {
    const chunks = await readChunks(nodes.reader, [{ cid: file.content, length: file.size }], options)
    if (file.size > 0) yield chunks[0]!.subarray(start, end)
    return
  }
  const list = await loadChunkList(nodes, file, options)
  const first = await list.findByMeasure(start, options)
  const last = end === file.size ? list.count : (await list.findByMeasure(end - 1, options)).index + 1
  const groups = chunkGroups(list.scan({ start: first.index, end: last, signal: options.signal }))
  let at = first.start
  for await (const pieces of readAhead(nodes.reader, groups, options)) {
    for (const piece of pieces) {
      yield piece.subarray(Math.max(0, start - at), Math.min(piece.length, end - at))
      at += piece.length
    }
  }
}

/** Groups chunks that are read in one go. */
export async function* chunkGroups(items: AsyncIterable<EntryBatch>): AsyncGenerator<Chunk[]> {
  let group: Chunk[] = []
  let groupBytes = 0
  for await (const batch of items) {
    for (let i = 0; i < batch.count; i++) {
      const chunk = chunkAt(batch, i)
      group.push(chunk)
      groupBytes += chunk.length
      if (groupBytes < groupBytesMax) continue
      yield group
      group = []
      groupBytes = 0
    }
  }
  if (group.length > 0) yield group
}

function chunkAt(batch: EntryBatch, i: number): Chunk {
  const reader = new ByteReader(valueAt(batch, i))
  const length = reader.varint()
  const [cid, ...others] = linksAt(batch, i)
  const fits = reader.done && length > 0 && length <= binaryRule.max
  if (!fits || cid === undefined || others.length > 0 || codecOf(cid) !== 'raw') {
    throw corrupt('item in a list of chunks is malformed')
  }
  return { cid, length }
}

/** Reads one group ahead of the caller. */
async function* readAhead(
  reader: ObjectReader,
  groups: AsyncGenerator<Chunk[]>,
  options: ReadFileOptions,
): AsyncGenerator<Uint8Array[]> {
  let ahead: Promise<Uint8Array[]> | null = null
  for await (const group of groups) {
    throwIfAborted(options.signal)
    const next = readChunks(reader, group, options)
    // It may fail while nobody waits for it; who does wait gets the failure all the same.
    void next.catch(() => {})
    if (ahead !== null) yield await ahead
    ahead = next
  }
  if (ahead !== null) yield await ahead
}

/** The list of a file of several chunks. @throws VarveError VARVE_CORRUPT where it is none of this many bytes */
export async function loadChunkList(
  nodes: NodeStore,
  file: FileContent,
  options: ReadOptions,
): Promise<ProllyList> {
  const list = await ProllyList.load(nodes, file.content, { signal: options.signal })
  if (list.kind !== chunkListKind || list.measure !== file.size || list.count < 2) {
    throw corrupt(`content of a file is not a list of ${file.size} bytes in chunks`, {
      content: file.content,
    })
  }
  return list
}

/** Chunks of a file by links and lengths; checks that each is as long as the list says. */
async function readChunks(
  reader: ObjectReader,
  chunks: readonly Chunk[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Uint8Array[]> {
  const found = await reader.get(
    chunks.map((chunk) => chunk.cid),
    { signal: options.signal },
  )
  found.forEach((bytes, i) => {
    if (bytes.length !== chunks[i]!.length) throw corrupt('chunk has another length than its list says')
  })
  return found
}

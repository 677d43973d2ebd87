// A file's bytes in the store. Up to one chunk they are one raw object; beyond, a list of chunks whose items are the
// chunk's length (varint) and a link to it, so that any range is found in O(log n). Equal bytes have equal names,
// however they arrived. Memory holds a few chunks, whatever the file's size.
import { concatBytes } from '../base/bytes.ts'
import { throwIfAborted } from '../base/errors.ts'
import type { AnyIterable } from '../base/iterables.ts'
import { ChunkCutter } from '../chunking/cutter.ts'
import { binaryRule, type CutRule, textRule } from '../chunking/gear.ts'
import type { Cid } from '../encoding/cid.ts'
import { varintLength, writeVarint } from '../encoding/varint.ts'
import { ListBuilder } from '../prolly/list-builder.ts'
import { chunkListKind } from '../prolly/rule.ts'
import type { ObjectSink, ObjectWriter } from '../store/interface.ts'
import type { FileContent } from './interface.ts'
import { isTextHead } from './text.ts'

const headBytes = 8 << 10
const drainEveryBytes = 1 << 20

export interface WriteFileOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((bytesDone: number) => void) | undefined
}

/** For bytes that are in memory already: synchronous, so that a hundred thousand small files cost no promises. */
export function writeBytes(writer: ObjectSink, bytes: Uint8Array): FileContent {
  const rule = bytes.length <= textRule.min ? textRule : ruleFor(bytes)
  if (bytes.length <= rule.min) return { size: bytes.length, content: writer.put('raw', bytes) }
  const chunks = new ChunkList(writer)
  const cutter = new ChunkCutter(rule, (chunk) => chunks.add(chunk))
  cutter.push(bytes)
  cutter.end()
  return chunks.finish()
}

/** For bytes that arrive; waits for the writer now and then, so that a file of any size goes through. */
export async function writeFile(
  writer: ObjectWriter,
  source: AnyIterable<Uint8Array>,
  options: WriteFileOptions = {},
): Promise<FileContent> {
  const chunks = new ChunkList(writer)
  const head: Uint8Array[] = []
  let cutter: ChunkCutter | null = null
  let done = 0
  let drained = 0
  for await (const bytes of source) {
    throwIfAborted(options.signal)
    done += bytes.length
    if (cutter === null) {
      // The source may use its buffer again for the next part.
      head.push(new Uint8Array(bytes))
      if (done >= headBytes) cutter = cutterOf(head.splice(0), chunks)
    } else {
      cutter.push(bytes)
    }
    if (done - drained >= drainEveryBytes) {
      drained = done
      await writer.drained()
      options.onProgress?.(done)
    }
  }
  cutter ??= cutterOf(head, chunks)
  cutter.end()
  options.onProgress?.(done)
  return chunks.finish()
}

function ruleFor(head: Uint8Array): CutRule {
  return isTextHead(head) ? textRule : binaryRule
}

function cutterOf(head: readonly Uint8Array[], chunks: ChunkList): ChunkCutter {
  const bytes = concatBytes(head)
  const cutter = new ChunkCutter(ruleFor(bytes), (chunk) => chunks.add(chunk))
  cutter.push(bytes)
  return cutter
}

/** Puts chunks, and builds their list once there is a second one. */
class ChunkList {
  readonly #writer: ObjectSink
  #size = 0
  #first: Cid | null = null
  #list: ListBuilder | null = null

  constructor(writer: ObjectSink) {
    this.#writer = writer
  }

  add(chunk: Uint8Array): void {
    const cid = this.#writer.put('raw', chunk)
    if (this.#first === null) {
      this.#first = cid
    } else {
      this.#list ??= this.#begin(this.#first)
      this.#list.add(lengthItem(chunk.length), [cid])
    }
    this.#size += chunk.length
  }

  #begin(first: Cid): ListBuilder {
    const list = new ListBuilder(this.#writer, chunkListKind)
    list.add(lengthItem(this.#size), [first])
    return list
  }

  finish(): FileContent {
    if (this.#list !== null) return { size: this.#size, content: this.#list.finish() }
    return { size: this.#size, content: this.#first ?? this.#writer.put('raw', new Uint8Array(0)) }
  }
}

function lengthItem(length: number): Uint8Array {
  const item = new Uint8Array(varintLength(length))
  writeVarint(item, 0, length)
  return item
}

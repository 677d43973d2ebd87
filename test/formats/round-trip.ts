// Reads a text as a table into a store in memory and renders it again.
import { collect } from '../../src/base/iterables.ts'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import type { FormatName, ReadTableResult } from '../../src/formats/interface.ts'
import { readTable } from '../../src/formats/read.ts'
import { renderTable } from '../../src/formats/render.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { ObjectWriter } from '../../src/store/interface.ts'
import type { TableObject } from '../../src/table/interface.ts'

export interface Place {
  readonly writer: ObjectWriter
  readonly nodes: NodeStore
}

export function newPlace(): Place {
  const writer = MemoryStore.create().writer()
  return { writer, nodes: new NodeStore(writer) }
}

export async function* chunksOf(bytes: Uint8Array, size: number = 1 << 16): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export async function read(
  text: string | Uint8Array,
  options: { format?: FormatName; key: string[]; place?: Place; previous?: TableObject; chunk?: number },
): Promise<ReadTableResult & Place> {
  const { writer, nodes } = options.place ?? newPlace()
  const bytes = typeof text === 'string' ? utf8(text) : text
  const { format = 'csv', key, previous } = options
  const result = await readTable(chunksOf(bytes, options.chunk), {
    writer,
    nodes,
    format,
    key,
    previous,
    where: 'data',
  })
  return { ...result, writer, nodes }
}

export async function rendered(nodes: NodeStore, table: TableObject): Promise<Uint8Array> {
  return concatBytes(await collect(renderTable(nodes, table)))
}

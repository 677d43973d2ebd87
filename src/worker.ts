// Entry of the worker threads: a table of functions by name, pure but for the files that they are given. A function gets and
// gives flat data; the buffers of its result are handed over, not copied.
import { serveMessages } from './base/platform-threads.ts'
import type { JobAnswer, JobMessage } from './base/pool.ts'
import { copySlice } from './connectors/postgres/copy-slice.ts'
import { leafSlice, parseSlice } from './formats/csv/slice.ts'
import { diffDocumentValues } from './documents/diff-values.ts'
import { packLines, packRows } from './documents/packed-comparison.ts'
import { insertRows } from './formats/sqlite/insert-rows.ts'
import { runSteps } from './formats/sqlite/run-steps.ts'
import { packBatch } from './store/batch.ts'
import { checkPackFile } from './store/disk/check-pack-file.ts'

const table: Readonly<Record<string, (...args: never[]) => unknown>> = {
  checkPackFile,
  copySlice,
  diffDocumentValues,
  insertRows,
  leafSlice,
  packBatch,
  packLines,
  packRows,
  parseSlice,
  runSteps,
}

serveMessages(async (message) => {
  const { id, name, args } = message as JobMessage
  try {
    const result = await (table[name] as (...args: readonly unknown[]) => unknown)(...args)
    return { result: { id, result } satisfies JobAnswer, transfer: buffersOf(result) }
  } catch (error) {
    return { result: { id, error } satisfies JobAnswer, transfer: [] }
  }
})

const depthMax = 3

/** The buffers that a result owns whole: a view of a part of one (zlib pools) is copied instead. */
function buffersOf(result: unknown, depth = 0, buffers: Set<ArrayBuffer> = new Set()): ArrayBuffer[] {
  for (const value of Object.values(result ?? {}) as unknown[]) {
    if (ArrayBuffer.isView(value)) {
      const { buffer, byteLength } = value
      if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffers.add(buffer)
    } else if (typeof value === 'object' && depth < depthMax) {
      buffersOf(value, depth + 1, buffers)
    }
  }
  return [...buffers]
}

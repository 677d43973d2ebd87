// The inside of a worker thread: it answers jobs by a table of functions. A function gets and gives flat data; the buffers of
// its result are handed over, not copied.
import { serveMessages } from './platform-worker.ts'
import type { JobAnswer, JobMessage } from './pool.ts'

const depthMax = 3

export function serveJobs(table: Readonly<Record<string, (...args: never[]) => unknown>>): void {
  serveMessages(async (message) => {
    const { id, name, args } = message as JobMessage
    try {
      const result = await (table[name] as (...args: readonly unknown[]) => unknown)(...args)
      return { result: { id, result } satisfies JobAnswer, transfer: buffersOf(result) }
    } catch (error) {
      return { result: { id, error } satisfies JobAnswer, transfer: [] }
    }
  })
}

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

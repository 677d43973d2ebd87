// Where slices are parsed: in threads, but for those that take less than a thread takes to start.
import type { WorkerPool } from '../base/pool.ts'

/** Threads take about 60 ms to start, and each compiles for itself what it runs. */
export const fileBytesWorthThreads: number = 8 << 20
const slicesMax = 4
const bytesWorthThreads = 1 << 20

/** How many slices may be worked on at once. */
export function slicesAtOnceOf(pool: WorkerPool | undefined): number {
  return pool === undefined || pool.isInline ? 1 : slicesMax
}

/** As `WorkerPool.run`, for a slice of `bytes`: a small one is not worth a thread. */
export async function runSlice<A extends readonly unknown[], R>(
  pool: WorkerPool,
  bytes: number,
  job: { readonly name: string; readonly local: (...args: A) => R; readonly args: A },
): Promise<R> {
  const { name, local, args } = job
  return bytes < bytesWorthThreads ? local(...args) : pool.run(name, local, args)
}

// Threads of the platform; a browser build swaps this file as it does platform.ts.
import { availableParallelism } from 'node:os'

/** What jobs work on lies outside V8's heap, and waits for its collections; six times as much is usual. */
const maxYoungGenerationSizeMb = 8

export interface Thread {
  post(message: unknown, transfer: readonly ArrayBuffer[]): void
  /** A thread that is not held lets the process end. */
  hold(): void
  release(): void
  end(): Promise<void>
}

export function startThread(
  url: URL,
  onMessage: (message: unknown) => void,
  onFailure: (error: Error) => void,
): Thread {
  // Loaded on use: most commands need none.
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  const worker = new Worker(url, { resourceLimits: { maxYoungGenerationSizeMb } })
  worker.on('message', onMessage)
  worker.on('error', onFailure)
  worker.on('exit', (code) => onFailure(new Error(`a worker thread ended with code ${code}`)))
  worker.unref()
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    hold: () => worker.ref(),
    release: () => worker.unref(),
    end: async () => void (await worker.terminate()),
  }
}

export function cpuCount(): number {
  return availableParallelism()
}

// Threads of the platform; a browser build swaps this file as it does platform.ts.
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { VarveError } from './errors.ts'

/** What jobs work on lies outside V8's heap, and waits for its collections; six times as much is usual. */
const maxYoungGenerationSizeMb = 8

export interface Thread {
  post(message: unknown, transfer: readonly ArrayBuffer[]): void
  /** A thread that is not held does not keep the process from ending. */
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
  worker.on('error', (error) => onFailure(threadFailure(error, url)))
  // An answer that cannot be read would be waited for without end.
  worker.on('messageerror', (error) => onFailure(threadFailure(error, url)))
  worker.on('exit', (code) => onFailure(threadFailure(new Error(`it ended with code ${code}`), url)))
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

/** The error for all work that a dead thread had to do, whoever asked for it. */
function threadFailure(thrown: unknown, script: URL): VarveError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const { code } = error as { code?: unknown }
  if (code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new VarveError('VARVE_IO', 'a worker thread ran out of memory', {
      hint: 'nothing that it worked on counts; run the command again where more memory is free',
      cause: error,
    })
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') {
    const path = fileURLToPath(script)
    return new VarveError('VARVE_IO', `a worker thread cannot start: '${path}' is not whole`, {
      hint: 'install varve again: a file of it, or of what it needs, is missing',
      data: { path },
      cause: error,
    })
  }
  return new VarveError('VARVE_IO', `a worker thread ended in the middle of its work: ${error.message}`, {
    hint: 'nothing that it worked on counts; run the command again',
    cause: error,
  })
}

// Processes of the platform that work as threads do; a browser build swaps this file as it does platform.ts.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Thread } from './platform-threads.ts'

export interface ProcessOptions {
  /** All memory that it may hold; with more it is ended. */
  readonly residentBytesMax: number
  /** Where it lays temporary files. */
  readonly temporaryDir: string
}

/** The process ended without being asked to. */
export class ProcessEnd extends Error {}

const mebibyte = 1 << 20

/**
 * As a thread, a process of its own, with nothing of this one's environment: whatever happens in it harms this one in no
 * way. Its script calls `watchOver` before it does anything.
 */
export function startProcess(
  url: URL,
  onMessage: (message: unknown) => void,
  onFailure: (error: Error) => void,
  { residentBytesMax, temporaryDir }: ProcessOptions,
): Thread {
  const child = fork(fileURLToPath(url), [], {
    execArgv: [`--max-old-space-size=${Math.ceil(residentBytesMax / mebibyte)}`],
    env: { TMPDIR: temporaryDir },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  })
  child.on('message', onMessage)
  child.on('error', onFailure)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      onFailure(new ProcessEnd(`a process ended with ${signal ?? `code ${code}`}`))
      resolve()
    })
    // One that could not be started has no exit.
    child.once('error', () => child.pid === undefined && resolve())
  })
  return {
    post: (message) => void child.send(message as object),
    hold: () => child.ref(),
    release: () => undefined,
    end: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** In such a process: a thread beside the one that works ends it where its parent is gone, or it holds too much memory. */
export function watchOver({ residentBytesMax }: Pick<ProcessOptions, 'residentBytesMax'>): void {
  const watch = `
    setInterval(() => {
      if (process.ppid === ${process.ppid} && process.memoryUsage.rss() <= ${residentBytesMax}) return
      process.kill(process.pid, 'SIGKILL')
    }, 100)`
  new Worker(watch, { eval: true }).unref()
}

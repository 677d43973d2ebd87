// A thread or process of the platform, from within; a browser build swaps this file as it does platform.ts.
import { parentPort } from 'node:worker_threads'

/** In a worker thread, or a process that was started as one: answers every message. */
export function serveMessages(
  answer: (message: unknown) => Promise<{ result: unknown; transfer: readonly ArrayBuffer[] }>,
): void {
  if (parentPort === null) {
    process.on('message', (message) => void answer(message).then(({ result }) => process.send!(result)))
    return
  }
  parentPort.on('message', (message: unknown) => {
    void answer(message).then(({ result, transfer }) => parentPort!.postMessage(result, transfer))
  })
}

// A stretch of a file as a response's body. Two pieces of memory take turns, one read while the other is written: a
// stream takes fresh memory for each part, which for a gibibyte costs more than reading it.
import fs from 'node:fs'
import type { ServerResponse } from 'node:http'
import { finished } from 'node:stream/promises'
import { corrupt } from '../base/errors.ts'
import type { Range } from './ranges.ts'

const partBytes = 256 << 10

/** Ends the response; rejects when the client goes away. */
export async function sendParts(
  response: ServerResponse,
  fd: number,
  { start, end }: Range,
  signal: AbortSignal,
): Promise<void> {
  const memories = [0, 1].map(() => ({ bytes: Buffer.allocUnsafeSlow(partBytes), free: Promise.resolve() }))
  // Rejects when either side gives up, also while a part waits for a slow client.
  const ended = finished(response, { signal })
  ended.catch(() => undefined)
  try {
    for (let [at, turn] = [start, 0]; at < end; turn++) {
      const memory = memories[turn % 2]!
      await Promise.race([memory.free, ended])
      const part = memory.bytes.subarray(0, Math.min(partBytes, end - at))
      await readInto(fd, part, at)
      memory.free = write(response, part)
      memory.free.catch(() => undefined)
      at += part.length
    }
    response.end()
    await ended
  } catch (error) {
    response.destroy()
    throw error
  }
}

/** Resolves when the operating system has the bytes. */
function write(response: ServerResponse, part: Uint8Array): Promise<void> {
  return new Promise((done, fail) => {
    response.write(part, (error) => (error ? fail(error) : done()))
  })
}

function readInto(fd: number, part: Uint8Array, at: number): Promise<void> {
  return new Promise((done, fail) => {
    fs.read(fd, part, 0, part.length, at, (error, bytesRead) => {
      if (error) fail(error)
      else if (bytesRead === part.length) done()
      else if (bytesRead === 0) fail(corrupt('a file became shorter while it was sent'))
      else readInto(fd, part.subarray(bytesRead), at + bytesRead).then(done, fail)
    })
  })
}

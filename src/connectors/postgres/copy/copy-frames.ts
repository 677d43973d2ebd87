// COPY … TO STDOUT as it arrives on the connection: each row is a message of its own, a 'd', the length of all behind
// it as four bytes, and the row's text with its line feed. Code that splits rows steps over these heads, which tell
// where the next row begins without looking at this one.
import { corrupt } from '../../../base/errors.ts'

export const frameHeadBytes = 5
export const letterD = 0x64
/** Begins a frame of ours, in the place of one that was too long (cut-row.ts): the server's protocol knows no such message. */
export const letterCut = 0x01
const lineFeed = 0x0a

/** Where the frame at `at` ends, which may be beyond the bytes that are here. */
export function frameEnd(bytes: Uint8Array, at: number): number {
  const length = (bytes[at + 1]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!
  if (!isRow(bytes[at]) || length < frameHeadBytes)
    throw corrupt('the server sent something that is not a row')
  return at + 1 + length
}

/** The end of the last whole frame from `at` on. */
export function wholeFrames(bytes: Uint8Array, at = 0): number {
  while (at + frameHeadBytes <= bytes.length && isRow(bytes[at])) {
    const end = frameEnd(bytes, at)
    if (end > bytes.length) break
    at = end
  }
  return at
}

/** The rows of whole frames, one line for each. */
export function unframed(frames: Uint8Array): Uint8Array {
  const lines = new Uint8Array(frames.length)
  let length = 0
  for (let at = 0, end: number; at < frames.length; at = end) {
    end = frameEnd(frames, at)
    if (frames[end - 1] !== lineFeed) throw corrupt('the server sent a row without its end')
    lines.set(frames.subarray(at + frameHeadBytes, end), length)
    length += end - at - frameHeadBytes
  }
  return lines.subarray(0, length)
}

function isRow(letter: number | undefined): boolean {
  return letter === letterD || letter === letterCut
}

// Bytes as text and back, without losing one: what is not UTF-8 stands as a lone surrogate U+DC80 + (byte - 0x80), as
// Python does since PEP 383. Paths are kept so, and lines while they are compared and merged, whatever their
// encoding is. Lines keep their ends, so that joining them gives the text back.
import { isUtf8, utf8, utf8Text } from '../base/bytes.ts'
import { VarveError } from '../base/errors.ts'

const escapeBase = 0xdc00
const loneSurrogate = /[\ud800-\udfff]/u
const shortLength = 64
const sampleBytes = 8 << 10

/** What can be merged by lines: no NUL anywhere, as git has it (git looks at the first 8000 bytes). */
export function isText(bytes: Uint8Array): boolean {
  return !bytes.includes(0)
}

/** Whether a file that begins with `head` is cut as text. Its first 8 KiB decide, so that growth changes nothing. */
export function isTextHead(head: Uint8Array): boolean {
  const sample = head.subarray(0, sampleBytes)
  if (sample.includes(0)) return false
  return isUtf8(sample.length === sampleBytes ? withoutOpenEnd(sample) : sample)
}

/** Each line with its '\n'; the last one may have none. */
export function splitLines(text: string): string[] {
  const lines: string[] = []
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline + 1
    lines.push(text.slice(start, end))
    start = end
  }
  return lines
}

export function textFromBytes(bytes: Uint8Array): string {
  try {
    return utf8Text(bytes)
  } catch {
    return escaped(bytes)
  }
}

/** @throws VarveError VARVE_RULE_VIOLATED for lone surrogates that `textFromBytes` would not have written. */
export function textToBytes(text: string): Uint8Array {
  if (text.length <= shortLength) {
    const short = shortAscii(text)
    if (short !== null) return short
  }
  if (!loneSurrogate.test(text)) return utf8(text)
  const bytes = new Uint8Array(3 * text.length)
  let length = 0
  for (const piece of text.split(/([\udc80-\udcff])/u)) {
    const code = piece.length === 1 ? piece.charCodeAt(0) : 0
    const part = code >= 0xdc80 && code <= 0xdcff ? Uint8Array.of(code - escapeBase) : utf8(piece)
    bytes.set(part, length)
    length += part.length
  }
  const whole = bytes.slice(0, length)
  if (textFromBytes(whole) !== text) {
    throw new VarveError(
      'VARVE_RULE_VIOLATED',
      `text '${JSON.stringify(text).slice(1, -1)}' cannot be written as bytes`,
      { hint: 'a text has half of a character in it (a lone surrogate): take it out' },
    )
  }
  return whole
}

/** Most paths: several times faster than the encoder, whose call costs more than its work. */
function shortAscii(text: string): Uint8Array | null {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0x80) return null
    bytes[i] = code
  }
  return bytes
}

function escaped(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let at = 0, start = 0; at <= bytes.length;) {
    const length = at === bytes.length ? 0 : sequenceLength(bytes, at)
    if (length > 0) {
      at += length
      continue
    }
    if (at > start) parts.push(utf8Text(bytes.subarray(start, at)))
    if (at < bytes.length) parts.push(String.fromCharCode(escapeBase + bytes[at]!))
    start = ++at
  }
  return parts.join('')
}

/** Length of the well-formed UTF-8 sequence at `at` (Unicode 15, table 3-7), or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  if (first < 0x80) return 1
  const length = first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : 4
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return 0
  const second = bytes[at + 1]!
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return 0
  for (let i = at + 2; i < at + length; i++) if ((bytes[i]! & 0xc0) !== 0x80) return 0
  return length
}

/** A sample may end in the middle of a character: up to three bytes at its end are left out then. */
function withoutOpenEnd(sample: Uint8Array): Uint8Array {
  for (let at = sample.length - 1; at >= Math.max(0, sample.length - 3); at--) {
    const byte = sample[at]!
    if (byte < 0x80) break
    if (byte < 0xc0) continue
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    return at + needed > sample.length ? sample.subarray(0, at) : sample
  }
  return sample
}

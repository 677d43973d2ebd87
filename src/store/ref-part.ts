// A part of spilled refs (ref-spill.ts) as bytes: a dag-cbor map from names to links, in which each name is text and each
// link 41 bytes. It is read and written here without making values of links, since each command reads all refs: with tens
// of thousands of them that took longer than all else. Bytes that are not just as they are written here, strict as
// dag-cbor is, are left to the reader of any dag-cbor, which says what is wrong with them.
import { compareRanges, utf8, utf8Text } from '../base/bytes.ts'
import { type Cid, cidBytesLength, cidFromBytes, cidToBytes } from '../encoding/cid.ts'

const textMajor = 3
const mapMajor = 5
const majorShift = 5
/** Tag 42, a byte string of 37 bytes, and 0 before the CID. */
const linkHead = [0xd8, 0x2a, 0x58, 0x25, 0x00] as const
const countMax = 0xffff
const headBytesMax = 3

/** null: not as we write it. @throws VARVE_CORRUPT for a link that is none of ours */
export function readRefPart(bytes: Uint8Array): Map<string, Cid> | null {
  const refs = new Map<string, Cid>()
  const head = readHead(bytes, 0, mapMajor)
  if (head === null) return null
  let { end: at } = head
  let [before, beforeEnd] = [0, 0]
  for (let left = head.value; left > 0; left--) {
    const name = readHead(bytes, at, textMajor)
    if (name === null) return null
    const nameEnd = name.end + name.value
    const linkAt = nameEnd + linkHead.length
    if (linkAt + cidBytesLength > bytes.length) return null
    if (linkHead.some((byte, i) => bytes[nameEnd + i] !== byte)) return null
    const isAfter = orderOf(bytes, [before, beforeEnd], bytes, [name.end, nameEnd]) < 0
    const text = isAfter || refs.size === 0 ? textOf(bytes, name.end, nameEnd) : null
    if (text === null) return null
    refs.set(text, cidFromBytes(bytes, linkAt))
    ;[before, beforeEnd] = [name.end, nameEnd]
    at = linkAt + cidBytesLength
  }
  return at === bytes.length ? refs : null
}

/** null: more than a part ever has. */
export function writeRefPart(refs: ReadonlyMap<string, Cid>): Uint8Array | null {
  const named = [...refs].map(([name, cid]) => ({ name: utf8(name), cid }))
  if (named.length > countMax || named.some(({ name }) => name.length > countMax)) return null
  named.sort((a, b) => orderOf(a.name, [0, a.name.length], b.name, [0, b.name.length]))
  const room = named.reduce(
    (sum, { name }) => sum + headBytesMax + name.length + linkHead.length + cidBytesLength,
    headBytesMax,
  )
  const bytes = new Uint8Array(room)
  let at = writeHead(bytes, 0, mapMajor, named.length)
  for (const { name, cid } of named) {
    at = writeHead(bytes, at, textMajor, name.length)
    bytes.set(name, at)
    bytes.set(linkHead, at + name.length)
    bytes.set(cidToBytes(cid), at + name.length + linkHead.length)
    at += name.length + linkHead.length + cidBytesLength
  }
  return bytes.slice(0, at)
}

type Range = readonly [from: number, end: number]

/** dag-cbor's order of names: the shorter first, then by bytes. */
function orderOf(a: Uint8Array, [aFrom, aEnd]: Range, b: Uint8Array, [bFrom, bEnd]: Range): number {
  return aEnd - aFrom - (bEnd - bFrom) || compareRanges(a, aFrom, aEnd, b, bFrom, bEnd)
}

function textOf(bytes: Uint8Array, from: number, end: number): string | null {
  try {
    return utf8Text(bytes.subarray(from, end))
  } catch {
    return null
  }
}

/** In the shortest form; null for anything else. */
function readHead(bytes: Uint8Array, at: number, major: number): { value: number; end: number } | null {
  const head = bytes[at] ?? 0
  const info = head & 31
  if (head >> majorShift !== major) return null
  if (info < 24) return { value: info, end: at + 1 }
  const [first, second] = [bytes[at + 1] ?? 0, bytes[at + 2] ?? 0]
  if (info === 24) return first < 24 ? null : { value: first, end: at + 2 }
  const value = first * 256 + second
  return info !== 25 || value < 256 ? null : { value, end: at + 3 }
}

function writeHead(bytes: Uint8Array, at: number, major: number, value: number): number {
  const top = major << majorShift
  const head =
    value < 24 ? [top | value] : value < 256 ? [top | 24, value] : [top | 25, value >> 8, value & 255]
  bytes.set(head, at)
  return at + head.length
}

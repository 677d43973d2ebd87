// Finds its way in the bytes of a JSON document without building what they stand for, so that numbers keep their digits
// and names like `__proto__` mean nothing special.
import { utf8Text } from '../../base/bytes.ts'
import { ObjectScanner, parsedString } from '../../formats/jsonl/scan.ts'
import type { CellKind } from '../../table/interface.ts'

const listsMax = 3
/** Of an element in a list; from its end when negative. */
const index = /^-?\d{1,9}$/

/** A value: where it lies in `src`, without the quotes of a text. */
export interface JsonRange {
  readonly src: Uint8Array
  readonly kind: CellKind
  readonly start: number
  readonly end: number
}

/** The range of a whole document; null when it is not JSON. */
export function documentRange(src: Uint8Array): JsonRange | null {
  try {
    JSON.parse(utf8Text(src))
  } catch {
    return null
  }
  let [start, end] = [0, src.length]
  while (start < end && src[start]! <= 0x20) start++
  while (start < end && src[end - 1]! <= 0x20) end--
  return { src, kind: 'json', start, end }
}

/** The members of an object by name; of a name that comes twice the last one. null: it is no object. */
export function membersOf({ src, kind, start, end }: JsonRange): Map<string, JsonRange> | null {
  const scanner = new ObjectScanner(src)
  if (kind !== 'json' || !scanner.scan(start, end)) return null
  const members = new Map<string, JsonRange>()
  for (let i = 0; i < scanner.count; i++) {
    const raw = utf8Text(src.subarray(scanner.nameStarts[i]!, scanner.nameEnds[i]!))
    const name = raw.includes('\\')
      ? parsedString(src.subarray(scanner.nameStarts[i]! - 1, scanner.nameEnds[i]! + 1))
      : raw
    if (name === null) return null
    const decoded = scanner.decoded[i] ?? null
    members.set(
      name,
      decoded === null
        ? { src, kind: scanner.kinds[i]!, start: scanner.starts[i]!, end: scanner.ends[i]! }
        : { src: decoded, kind: scanner.kinds[i]!, start: 0, end: decoded.length },
    )
  }
  return members
}

/**
 * What lies at 'data.items'; '' is the document itself, 'data.-1.id' belongs to the last element of a list. null: there is
 * no such thing.
 */
export function rangeAt(document: JsonRange, path: string): JsonRange | null {
  let at: JsonRange | null = document
  for (const name of path === '' ? [] : path.split('.')) {
    const member: JsonRange | undefined = index.test(name)
      ? (elementsOf(at)?.at(Number(name)) ?? membersOf(at)?.get(name))
      : membersOf(at)?.get(name)
    if (member === undefined) return null
    at = member
  }
  return at
}

/** Where in an object lists lie, in it and in objects directly in it: a few of them. */
export function pathsOfLists(document: JsonRange): string[] {
  const paths: string[] = []
  const look = (range: JsonRange, prefix: string): void => {
    for (const [name, member] of membersOf(range) ?? []) {
      if (paths.length === listsMax) return
      // A name with a dot in it cannot be said.
      if (member.kind !== 'json' || name.includes('.')) continue
      if (member.src[member.start] === 0x5b) paths.push(`${prefix}${name}`)
      else if (prefix === '') look(member, `${name}.`)
    }
  }
  look(document, '')
  return paths
}

/** The elements of an array that is known to be JSON; null: it is no array. */
export function elementsOf({ src, kind, start, end }: JsonRange): JsonRange[] | null {
  if (kind !== 'json' || src[start] !== 0x5b) return null
  const elements: JsonRange[] = []
  let from = start + 1
  let depth = 0
  let inText = false
  for (let at = start + 1; at < end; at++) {
    const byte = src[at]!
    if (inText) {
      if (byte === 0x5c) at++
      else if (byte === 0x22) inText = false
    } else if (byte === 0x22) inText = true
    else if (byte === 0x7b || byte === 0x5b) depth++
    else if (depth > 0 && (byte === 0x7d || byte === 0x5d)) depth--
    else if (depth === 0 && (byte === 0x2c || byte === 0x5d)) {
      const element = trimmed(src, from, at)
      if (element !== null) elements.push(element)
      from = at + 1
    }
  }
  return elements
}

/** The range without white space at its ends; null when there is nothing else, as in an empty array. */
function trimmed(src: Uint8Array, start: number, end: number): JsonRange | null {
  while (start < end && src[start]! <= 0x20) start++
  while (start < end && src[end - 1]! <= 0x20) end--
  return start === end ? null : { src, kind: 'json', start, end }
}

// A commit's files (docs/format/files.md): entries of a path tree, and the bytes of a file after it was checked that they
// are cut where the rule cuts them.
import { createHash } from 'node:crypto'
import { type Name, Cursor, check } from './bytes.ts'
import { type Entry, type Objects, kinds, readTree } from './prolly.ts'

export interface StoredEntry {
  readonly kind: 'file' | 'symlink' | 'table'
  readonly executable: boolean
  /** Size of a file. */
  readonly size: number
  /** Of a symlink. */
  readonly target: Uint8Array
  /** A file's content, a table's object. */
  readonly content: Name | null
}

export function readEntry({ value, links }: Pick<Entry, 'value' | 'links'>): StoredEntry {
  const from = new Cursor(value)
  const first = from.byte()
  check(first >= 1 && first <= 5, 'an entry is of a known kind')
  check(links.length === (first === 3 ? 0 : 1), 'all but a symlink have one link')
  const size = first <= 2 ? from.varint() : 0
  const target = first === 3 ? from.take(value.length - 1) : new Uint8Array(0)
  check(
    from.done && (first !== 3 || (target.length > 0 && target.length <= 4096)),
    'nothing is behind an entry',
  )
  const kind = first <= 2 ? 'file' : first === 3 ? 'symlink' : 'table'
  return { kind, executable: first === 2 || first === 5, size, target, content: links[0] ?? null }
}

/** Path, as Latin-1 text of its bytes, to entry. */
export function readPathTree(objects: Objects, root: Name): Map<string, StoredEntry> {
  const entries = readTree(objects, root, kinds.map)
  return new Map(entries.map((entry) => [Buffer.from(entry.key).toString('latin1'), readEntry(entry)]))
}

/** Content of a file, or of a cell that lies out of line. */
export function readContent(objects: Objects, content: Name, size: number): Uint8Array {
  const chunks = content.startsWith('0155')
    ? [objects.object(content)]
    : readTree(objects, content, kinds.chunks).map(({ value, links }) => {
        const chunk = objects.object(links[0]!)
        check(
          links[0]!.startsWith('0155') && new Cursor(value).varint() === chunk.length,
          'a chunk is as long as said',
        )
        return chunk
      })
  const bytes = Buffer.concat(chunks)
  check(bytes.length === size, 'a file has the size of its entry')
  return bytes
}

/** The same of a file: its chunks are cut by the rule of files. */
export function readFile(objects: Objects, entry: StoredEntry): Uint8Array {
  const bytes = readContent(objects, entry.content!, entry.size)
  const lengths = entry.content!.startsWith('0155')
    ? [bytes.length]
    : readTree(objects, entry.content!, kinds.chunks).map(({ value }) => new Cursor(value).varint())
  check(lengths.join(' ') === chunkLengths(bytes, chunkTarget(bytes)).join(' '), 'a file is cut by the rule')
  return bytes
}

function chunkTarget(bytes: Uint8Array): number {
  const head = bytes.subarray(0, 8192)
  if (head.includes(0)) return 65_536
  try {
    // A character that is cut in two is no fault: as a stream, the decoder waits for its rest.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: bytes.length > 8192 })
    return 16_384
  } catch {
    return 65_536
  }
}

const gear = Uint32Array.from({ length: 256 }, (_, byte) =>
  createHash('sha256').update('varve-gear-v1').update(Uint8Array.of(byte)).digest().readUInt32LE(0),
)

function chunkLengths(bytes: Uint8Array, target: number): number[] {
  const lengths: number[] = []
  let start = 0
  do {
    const end = chunkEnd(bytes, start, target)
    lengths.push(end - start)
    start = end
  } while (start < bytes.length)
  return lengths
}

function chunkEnd(bytes: Uint8Array, start: number, target: number): number {
  let hash = 0
  let least = 2 ** 32
  let place = start
  for (let at = Math.max(start, start + target / 2 - 32); at < bytes.length; at++) {
    const end = at + 1
    hash = (hash * 2 + gear[bytes[at]!]!) >>> 0
    if (end - start < target / 2) continue
    if (hash < 2 ** 32 / (target / 2)) return end
    if (hash <= least) [least, place] = [hash, end]
    if (end - start === 4 * target) return place
  }
  return bytes.length
}

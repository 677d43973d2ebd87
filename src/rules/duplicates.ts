// Finds rows with the same cell in a column, exactly, in memory that does not grow with the table: first 53-bit hashes
// of all cells, sorted, part of their range by part; then the rows whose hash occurs twice are told apart by what they
// hold. A table without duplicates is read once for every four million rows.
import { randomHex, sha256Hex } from '../base/platform.ts'
import { xxh32 } from '../encoding/xxh32.ts'
import type { Cell } from '../table/interface.ts'
import { isEmpty, writtenText } from './cell-rules.ts'
import type { Finding } from './finding.ts'
import type { RuledRow } from './ruled-rows.ts'

export interface DuplicateOptions {
  /** Hashes that are held at a time: 8 bytes each. */
  readonly hashesMax?: number
  /** How many repeated hashes are checked; beyond that, the count is a lower bound. */
  readonly suspectsMax?: number
}

/** `scan` reads the column, one cell a row, as often as it is called. */
export async function findDuplicates(
  scan: () => AsyncIterable<readonly RuledRow[]>,
  rowCount: number,
  finding: Finding,
  { hashesMax = 1 << 22, suspectsMax = 100_000 }: DuplicateOptions = {},
): Promise<void> {
  const seed = Number.parseInt(randomHex(4), 16)
  const parts = Math.max(1, Math.ceil(rowCount / hashesMax))
  const suspects = new Set<number>()
  for (let part = 0; part < parts; part += 1) {
    const hashes = await hashesOf(scan, { seed, part, parts, expected: Math.ceil(rowCount / parts) })
    for (let i = 1; i < hashes.length; i += 1) {
      if (hashes[i] !== hashes[i - 1] || suspects.has(hashes[i]!)) continue
      if (suspects.size < suspectsMax) suspects.add(hashes[i]!)
      else finding.isNotComplete()
    }
  }
  if (suspects.size > 0) await sameCells(scan, (cell) => suspects.has(hashOf(cell, seed)), finding)
}

/** Those of `rows` that another row of the table equals: memory grows with them, and not with the table. */
export async function findDuplicatesOf(
  rows: AsyncIterable<readonly RuledRow[]>,
  scan: () => AsyncIterable<readonly RuledRow[]>,
  finding: Finding,
): Promise<void> {
  const names = new Set<string>()
  for await (const batch of rows)
    for (const { cells } of batch) if (!isEmpty(cells[0]!)) names.add(nameOf(cells[0]!))
  if (names.size > 0) await sameCells(scan, (cell) => names.has(nameOf(cell)), finding)
}

async function sameCells(
  scan: () => AsyncIterable<readonly RuledRow[]>,
  isMeant: (cell: Cell) => boolean,
  finding: Finding,
): Promise<void> {
  const first = new Map<string, Uint8Array>()
  for await (const batch of scan()) {
    for (const { key, cells } of batch) {
      const cell = cells[0]!
      if (isEmpty(cell) || !isMeant(cell)) continue
      const name = nameOf(cell)
      const other = first.get(name)
      if (other === undefined) first.set(name, key.slice())
      else finding.add(key, cell, other)
    }
  }
}

async function hashesOf(
  scan: () => AsyncIterable<readonly RuledRow[]>,
  { seed, part, parts, expected }: { seed: number; part: number; parts: number; expected: number },
): Promise<Float64Array> {
  let hashes = new Float64Array(Math.ceil(expected * 1.05) + 1024)
  let count = 0
  for await (const batch of scan()) {
    for (const { cells } of batch) {
      if (isEmpty(cells[0]!)) continue
      const hash = hashOf(cells[0]!, seed)
      if (parts > 1 && hash % parts !== part) continue
      if (count === hashes.length) {
        const larger = new Float64Array(2 * count)
        larger.set(hashes)
        hashes = larger
      }
      hashes[count++] = hash
    }
  }
  return hashes.subarray(0, count).sort()
}

function hashOf({ kind, bytes }: Cell, seed: number): number {
  const salt = seed ^ kind.length
  return xxh32(bytes, 0, bytes.length, salt) * 0x20_0000 + (xxh32(bytes, 0, bytes.length, ~salt) >>> 11)
}

/** A text that tells a cell from others; for long cells it holds their digest. */
function nameOf(cell: Cell): string {
  return cell.bytes.length > 64
    ? `${cell.kind}#${sha256Hex(cell.bytes)}`
    : `${cell.kind}:${writtenText(cell)}`
}

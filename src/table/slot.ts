// Between slots (cells as they lie in rows) and cells (kind and content). Content out of line is fetched for many
// slots at once and written through the object writer.
import { corrupt, VarveError } from '../base/errors.ts'
import { sameBytes } from '../base/platform.ts'
import type { Cid } from '../encoding/cid.ts'
import { varintLength } from '../encoding/varint.ts'
import type { ObjectReader, ObjectWriter, ReadOptions } from '../store/interface.ts'
import { putContent, readContents } from './content.ts'
import { absentCell, falseCell, nullCell, trueCell } from './cell.ts'
import type { Cell, CellKind } from './interface.ts'
import {
  absentSlot,
  cellBytesMax,
  cellTag,
  inlineCellBytesMax,
  type RowBounds,
  shortTextMax,
  slotContent,
  slotContentLength,
  type Slot,
  writeCellHead,
} from './row.ts'

export function slotKind(slot: Slot): CellKind {
  const tag = slot.spelling[0]!
  if (tag <= shortTextMax) return 'text'
  switch (tag) {
    case cellTag.absent:
      return 'absent'
    case cellTag.null:
      return 'null'
    case cellTag.true:
      return 'true'
    case cellTag.false:
      return 'false'
    case cellTag.number:
      return 'number'
    case cellTag.json:
    case cellTag.jsonLinked:
      return 'json'
    case cellTag.bytes:
    case cellTag.bytesLinked:
      return 'bytes'
    default:
      return 'text'
  }
}

export function slotFlipped(slot: Slot): boolean {
  return slot.spelling[0] === cellTag.textFlipped || slot.spelling[0] === cellTag.textFlippedLinked
}

/** The slot's cell; `contents` has the bytes of every link (see `fetchContents`). */
export function slotCell(slot: Slot, contents: ReadonlyMap<Cid, Uint8Array>): Cell {
  const kind = slotKind(slot)
  if (kind === 'absent') return absentCell
  if (kind === 'null') return nullCell
  if (kind === 'true') return trueCell
  if (kind === 'false') return falseCell
  const bytes = slot.link === null ? slotContent(slot) : contents.get(slot.link)
  if (bytes === undefined || bytes.length !== slotContentLength(slot)) {
    throw corrupt('cell out of line has not the length that its row gives')
  }
  return { kind, bytes, quotingFlipped: slotFlipped(slot) }
}

/** Cell i of a row whose cells lie within `bounds`; absent behind its last one. `contents` as for `slotCell`. */
export function boundCell(
  value: Uint8Array,
  { count, bounds, linkOf }: RowBounds,
  i: number,
  contents: ReadonlyMap<Cid, Uint8Array>,
): Cell {
  if (i >= count) return absentCell
  const [start, end] = [bounds[i]!, bounds[i + 1]!]
  // As most are: one view of the bytes, not another for the slot.
  if (value[start]! <= shortTextMax)
    return { kind: 'text', bytes: value.subarray(start + 1, end), quotingFlipped: false }
  return slotCell({ spelling: value.subarray(start, end), link: linkOf.get(i) ?? null }, contents)
}

/** Same value, whatever the quoting. Decides without content: an object's name stands for its bytes. */
export function equalSlotValues(a: Slot, b: Slot): boolean {
  if (a === b) return true
  if (a.link !== b.link || slotKind(a) !== slotKind(b)) return false
  if (a.link !== null) return true
  const left = slotContent(a)
  const right = slotContent(b)
  return sameBytes(left, right)
}

export function cellSlot(cell: Cell, writer: ObjectWriter): Slot {
  const { length } = cell.bytes
  if (length <= inlineCellBytesMax) return inlineSlot(cell)
  if (length > cellBytesMax) throw cellTooLarge(length)
  const spelling = new Uint8Array(1 + varintLength(length))
  writeCellHead(spelling, 0, tagOf(cell), length)
  return { spelling, link: putContent(writer, cell.bytes) }
}

/** The slot of a cell that is short enough to lie in its row, as every cell of a key is. */
export function inlineSlot(cell: Cell): Slot {
  if (cell.kind === 'absent') return absentSlot
  const tag = tagOf(cell)
  if (tag < cellTag.text) return { spelling: Uint8Array.of(tag), link: null }
  const { length } = cell.bytes
  const spelling = new Uint8Array(1 + varintLength(length) + length)
  const at = writeCellHead(spelling, 0, tag, length)
  spelling.set(cell.bytes, at)
  return { spelling: spelling.subarray(0, at + length), link: null }
}

function tagOf(cell: Cell): number {
  if (cell.kind === 'text' && cell.quotingFlipped && cell.bytes.length > 0) return cellTag.textFlipped
  return cellTag[cell.kind]
}

function cellTooLarge(length: number): VarveError {
  return new VarveError(
    'VARVE_RULE_VIOLATED',
    `a cell of ${length} bytes is larger than ${cellBytesMax} bytes`,
    {
      data: { reason: 'cell-too-large', length, limit: cellBytesMax },
      hint: 'keep the value in a file of its own',
    },
  )
}

/** Contents of all slots out of line, in one read but for those in chunks. */
export async function fetchContents(
  reader: ObjectReader,
  links: Iterable<Cid>,
  options: ReadOptions = {},
): Promise<Map<Cid, Uint8Array>> {
  const wanted = [...new Set(links)]
  if (wanted.length === 0) return new Map()
  const contents = await readContents(reader, wanted, options)
  return new Map(wanted.map((cid, i) => [cid, contents[i]!]))
}

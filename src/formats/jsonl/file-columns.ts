// The columns of a JSON Lines file by themselves: it has no head, so every line is looked at.
import { isUtf8 } from '../../base/platform.ts'
import { isIntLiteral } from '../../table/key.ts'
import { faultError } from '../faults.ts'
import type { FileColumn, ReadColumnsOptions, SliceFault } from '../interface.ts'
import type { Slicer } from '../slicer.ts'
import { JsonlColumns } from './columns.ts'
import { ObjectScanner } from './scan.ts'

const lf = 10
const cr = 13

/** Broken lines are reported by number; what follows a blank line is left to the reader of the rows. */
export async function jsonlColumns(slicer: Slicer, options: ReadColumnsOptions): Promise<FileColumn[]> {
  const columns = new JsonlColumns({ key: [], previous: null, more: [] })
  let line = 1
  for (;;) {
    const slice = await slicer.next((bytes) => bytes.lastIndexOf(lf) + 1)
    if (slice === null) return columns.found()
    const { bytes } = slice
    const fault = (what: SliceFault): Error => faultError(what, { where: options.where, line })
    const scanner = new ObjectScanner(bytes)
    for (let at = 0; at < bytes.length; line++) {
      const next = bytes.indexOf(lf, at) + 1 || bytes.length
      const feed = next - (bytes[next - 1] === lf ? 1 : 0)
      const end = feed - (feed > at && bytes[feed - 1] === cr ? 1 : 0)
      if (end === at) return columns.found()
      if (!isUtf8(bytes.subarray(at, end))) throw fault('not-utf8')
      if (!scanner.scan(at, end)) throw fault(scanner.fault!)
      look(scanner, columns)
      at = next
    }
    slicer.release(bytes)
  }
}

function look(
  { src, count, nameStarts, nameEnds, kinds, starts, ends }: ObjectScanner,
  columns: JsonlColumns,
): void {
  let guess = 0
  for (let i = 0; i < count; i++) {
    const column = columns.columnOf(src, nameStarts[i]!, nameEnds[i]!, guess)
    guess = column + 1
    const kind = kinds[i]!
    const isInt =
      kind === 'number' && !columns.hasFractions(column) && isIntLiteral(src.subarray(starts[i], ends[i]))
    columns.saw(column, isInt ? 'int' : kind)
  }
}

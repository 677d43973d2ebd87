// Reads a file into a table in one pass. Slices are parsed and proved, in threads where there are any, while earlier
// ones become nodes. When this returns, head, every row and tail have been rendered and compared with the bytes read:
// `renderTable` of the result gives the file again.
import type { VarveError } from '../base/errors.ts'
import { keyText } from '../table/key.ts'
import { writeTable } from '../table/table-object.ts'
import { previousNodes } from './bases.ts'
import { violation } from './faults.ts'
import { formatNamed } from './formats.ts'
import { RowIntake } from './intake.ts'
import type { FileTail, OpenFile, ReadTableOptions, ReadTableResult, SliceRows } from './interface.ts'
import { type ReadSlice, SliceReader } from './reading.ts'
import { DuplicateKey } from './runs.ts'
import { Slicer } from './slicer.ts'

/** @throws VarveError VARVE_RULE_VIOLATED with {path, line, column?, reason}; NotATable */
export async function readTable(
  source: AsyncIterable<Uint8Array>,
  options: ReadTableOptions,
): Promise<ReadTableResult> {
  const slicer = new Slicer(source, options.signal)
  try {
    const file = await formatNamed(options.format).open(slicer, options)
    const intake = new RowIntake(options.writer, options.nodes, (await previousNodes(options)) ?? {})
    const reader = new SliceReader(slicer, file, options)
    const { tail, rows, order } = await takeAll(reader, file, intake, options)
    const { schema, layout } = file.finish(tail)
    const table = { schema, layout, rows: rows.cid, order: layout === null ? null : order }
    return { table, cid: writeTable(options.writer, table), rowCount: intake.rowCount }
  } finally {
    await slicer.close()
  }
}

async function takeAll(
  reader: SliceReader,
  file: OpenFile,
  intake: RowIntake,
  { where, onProgress }: ReadTableOptions,
): Promise<Awaited<ReturnType<RowIntake['finish']>> & { tail: FileTail }> {
  let bytesDone = 0
  try {
    const slices = reader.slices(() => intake.leafOptions)
    for (let next = await slices.next(); ; next = await slices.next()) {
      if (next.done === true) return { tail: next.value, ...(await intake.finish()) }
      await take(next.value, file, intake)
      bytesDone += next.value.result.bytesRead
      onProgress?.(bytesDone)
    }
  } catch (error) {
    if (!(error instanceof DuplicateKey)) throw error
    throw await duplicate(error.key, { reader, file, intake, where })
  }
}

async function take({ bytes, result }: ReadSlice, file: OpenFile, intake: RowIntake): Promise<void> {
  if (!('leaves' in result)) await intake.add(result)
  else if (!(await intake.addLeaves(result.leaves, result.contents)))
    await intake.add((await file.parse(bytes, null)) as SliceRows)
}

async function duplicate(
  key: Uint8Array,
  read: { reader: SliceReader; file: OpenFile; intake: RowIntake; where: string },
): Promise<VarveError> {
  const { reader, file, intake, where } = read
  const [first, second] = await intake.placesOf(key)
  const lines = [reader.lineOf(first!), reader.lineOf(second!)] as const
  const { schema } = file.finish({ finalEol: true, trailer: '' })
  const words = `key '${keyText(schema, key)}' was used in line ${lines[0]} already`
  return violation('duplicate-key', words, { where, line: lines[1] }, { firstLine: lines[0] })
}

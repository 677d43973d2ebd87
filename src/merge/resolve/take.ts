// What a person takes for a conflict, as the bytes that go in its place: a side, a value for a cell, a JSON object
// for a row, or whether a row or file that one side deleted stays. Where it is not clear what is meant, it is refused.
import { utf8 } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import { cellSlot } from '../../table/slot.ts'
import type { ObjectWriter } from '../../store/interface.ts'
import { typedCell } from './cell-text.ts'
import type { ConflictRecord, StoredSide } from '../conflicts/conflict-record.ts'
import { partOf, partText, typedPart } from '../conflicts/document-part.ts'
import type { Side } from '../interface.ts'
import { rowFromJson } from './row-text.ts'
import type { TableSchemas } from './table-schemas.ts'

/** `value` is a cell's text as it would stand in the file, without quoting; for a row a JSON object of its cells. */
export type Take = Side | 'delete' | 'keep' | { readonly value: string }

export const sideNames: readonly Side[] = ['ours', 'theirs', 'base']

/** null takes the thing away. @throws VarveError VARVE_USAGE where that cannot be taken */
export async function chosenSide(
  record: ConflictRecord,
  take: Take,
  schemas: TableSchemas,
  writer: ObjectWriter,
): Promise<StoredSide | null> {
  if (take === 'base' || take === 'ours' || take === 'theirs') return record[take]
  if (record.kind === 'part') return partTaken(record, take)
  if (take === 'delete' || take === 'keep') return deletedOrKept(record, take)
  if (record.kind === 'cell') {
    const { schema } = await schemas.at(record.path)
    const slot = cellSlot(typedCell(take.value, schema.cells), writer)
    return { value: slot.spelling, links: slot.link === null ? [] : [slot.link] }
  }
  if (record.kind === 'row' || record.kind === 'key-collision')
    return rowFromJson(record, utf8(take.value), await schemas.at(record.path), writer)
  throw unfit(
    record,
    'a value can settle a cell or a row only',
    "choose a side: '--ours', '--theirs' or '--base'",
  )
}

async function partTaken(
  record: ConflictRecord,
  take: 'delete' | 'keep' | { readonly value: string },
): Promise<StoredSide> {
  const { part } = partOf(record)
  if (typeof take !== 'string') {
    const [base, ours, theirs] = [record.base, record.ours, record.theirs].map(partText) as [
      string | null,
      string | null,
      string | null,
    ]
    const { pieceFault } = await import('../../documents/typed-piece.ts')
    const fault = pieceFault(record.path, { kind: part, base, ours, theirs }, take.value)
    if (fault === null) return typedPart(take.value)
    const { path } = record
    throw new VarveError('VARVE_USAGE', `the value cannot stand in '${path}': ${fault.reason}`, {
      data: { path },
      hint: fault.hint,
    })
  }
  if (part !== 'row') {
    const hint = "choose a side: '--ours', '--theirs' or '--base'"
    throw unfit(record, `'${take}' is for rows and files that one side deleted`, hint)
  }
  if (take === 'delete') return typedPart(null)
  return typedPart(partText(record.ours) ?? partText(record.theirs))
}

function deletedOrKept(record: ConflictRecord, take: 'delete' | 'keep'): StoredSide | null {
  if (record.kind === 'cell' || record.kind === 'schema') {
    const hint = "choose a side: '--ours', '--theirs' or '--base'"
    throw unfit(record, `'${take}' is for rows and files that one side deleted`, hint)
  }
  if (take === 'delete') return null
  const { ours, theirs } = record
  if (ours !== null && theirs !== null)
    throw unfit(record, "both sides have it, so 'keep' does not say which", "say '--ours' or '--theirs'")
  return ours ?? theirs
}

const kindWords: Readonly<Record<ConflictRecord['kind'], string>> = {
  cell: 'a cell',
  row: 'a row',
  'key-collision': 'two rows under one key',
  file: 'a file',
  schema: "a table's columns",
  part: 'a part of a file',
}

export function unfit(record: ConflictRecord, what: string, hint: string): VarveError {
  const { path, kind } = record
  return new VarveError('VARVE_USAGE', `${what}; '${path}' has a conflict of ${kindWords[kind]}`, {
    data: { path, kind },
    hint,
  })
}

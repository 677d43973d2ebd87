// What a person typed in place of a conflict is put into a file as it stands. So it has to be one whole piece: a value of
// JSON or YAML, a row with as many cells as the sides' rows. Else the file would be broken, or hold what nobody meant.
import { utf8 } from '../base/bytes.ts'
import type { DocumentConflict } from './interface.ts'
import { scanJson } from './json/scan.ts'
import { formOf } from './form.ts'
import { NotFit } from './structure/tree.ts'
import { ValueTable } from './structure/values.ts'
import { readTable } from './tables/dialect.ts'
import { readRecords } from './tables/read-records.ts'
import { RowCells } from './tables/row-cells.ts'
import { createYamlReader } from './yaml/read.ts'

export interface PieceFault {
  readonly reason: string
  readonly hint: string
}

type Place = Pick<DocumentConflict, 'kind' | 'base' | 'ours' | 'theirs'>

/** Why `text` cannot stand in the place of a conflict in the file `name`; null: it can. */
export function pieceFault(name: string, place: Place, text: string): PieceFault | null {
  if (place.kind === 'schema' || place.kind === 'text') return null
  const form = formOf(name)
  if (form === 'table') return place.kind === 'cell' ? null : rowFault(name, place, text)
  if (form === 'text') return null
  if (form === 'yaml') return isRead(() => readYaml(text)) ? null : yamlFault
  const isInLine = form === 'json' || !/[\r\n]/.test(text)
  return isInLine && isRead(() => scanJson(text, new ValueTable(1))) ? null : jsonFault
}

const yamlFault: PieceFault = {
  reason: 'it is not one value of YAML',
  hint: 'write it in one line, as in [1, 2] or {a: 1}',
}
const jsonFault: PieceFault = {
  reason: 'it is not one value of JSON',
  hint: `text stands in quotes, as in --value '"Ada"'`,
}

function isRead(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (error instanceof NotFit) return false
    throw error
  }
}

function readYaml(text: string): void {
  const tree = createYamlReader(new ValueTable(1)).read(`piece: ${text}\n`)
  if (tree.children(0).length !== 1) throw new NotFit('it is several members')
}

function rowFault(name: string, { base, ours, theirs }: Place, text: string): PieceFault | null {
  const sides = [ours, theirs, base].filter((side) => side !== null)
  const widths = sides.map((side) => widthOf(name, side, side))
  if (widths.includes(widthOf(name, sides[0] ?? '', text))) return null
  const reason = `it is not one row of ${widths[0] ?? 0} cells`
  return { reason, hint: `write it as it stands in the file: --value '${sides[0] ?? ''}'` }
}

/** In cells, by the delimiter that `like` has; 0: it is not one row. */
function widthOf(name: string, like: string, text: string): number {
  const dialect = readTable(utf8(like), name)?.dialect
  const file = dialect === undefined ? null : readRecords(utf8(text), dialect)
  return file?.records.length === 1 ? new RowCells().set(file.records, 0).count : 0
}

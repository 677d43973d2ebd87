// Small files of one table nearly always begin alike: the same header, the same delimiter, the same line ends. Where the header
// settles what the rows could make doubtful, a file that begins so is read as the first one was, many of them at once.
import { equalBytes, utf8 } from '../../base/bytes.ts'
import { inferType } from '../../table/infer.ts'
import type { Schema } from '../../table/interface.ts'
import { keyColumns, valueColumns } from '../../table/key.ts'
import type { AlikeFiles, JoinedRows } from '../interface.ts'
import { RowMisfits } from '../misfits/misfits.ts'
import type { PackedRows } from '../packed.ts'
import type { CsvHead } from './head.ts'
import type { CsvLayout } from './layout.ts'
import { cr, csvPlan, lf } from './plan.ts'
import { sampleRows } from './sample.ts'
import { joinedRows, wholeKeys } from './slice.ts'
import { commonEol, tellsDelimiter } from './sniff.ts'
import { valuePlan } from './value-rows.ts'

const quote = 0x22

/**
 * Null where other files with this header may still be spelled otherwise. `table`: the table that rows of values are for, null
 * where there are to be none.
 */
export function alikeFiles(
  bytes: Uint8Array,
  { opening, header, guess, isCompleted }: CsvHead,
  { schema, layout, table }: { schema: Schema; layout: CsvLayout; table: Schema | null },
): AlikeFiles | null {
  const { names } = header
  const beginning = bytes.slice(0, opening.length + header.length)
  const isTold = layout.format === 'tsv' || opening.delimiterLine !== null
  if (isCompleted || (!isTold && !tellsDelimiter(beginning.subarray(opening.length), guess))) return null
  const plan = csvPlan(schema, layout)
  const values = table === null ? null : valuePlan(schema, table)
  const eol = utf8(layout.eol)
  const rowsOf = (file: Uint8Array): Uint8Array => file.subarray(beginning.length)
  return {
    has(file: Uint8Array): boolean {
      if (!equalBytes(file.subarray(0, beginning.length), beginning)) return false
      if (commonEol(file.subarray(opening.length)) !== layout.eol) return false
      // In TSV a quote in any row decides what quotes are.
      return !(layout.format === 'tsv' && file.includes(quote)) && (endsLine(file, eol) || file.at(-1) !== cr)
    },
    columns(file: Uint8Array) {
      const { texts } = sampleRows(joined([rowsOf(file)], eol).bytes, plan, names.length)
      return names.map((name, i) => ({ name, type: inferType(texts[i]!) }))
    },
    keys: (file: Uint8Array): PackedRows | null => wholeKeys(joined([rowsOf(file)], eol).bytes, plan),
    rows(files: readonly Uint8Array[]): JoinedRows | null {
      const { bytes: all, ends } = joined(files.map(rowsOf), eol)
      const notes = new RowMisfits()
      const found = joinedRows(all, ends, { plan, values: values!, notes })
      const [keys, others] = [keyColumns(schema), valueColumns(schema)]
      const misfits = notes.all.map(({ part, place, ...one }) => ({
        ...one,
        column: (part === 'key' ? keys : others)[place]!,
      }))
      return found === null ? null : { ...found, misfits }
    },
  }
}

/** All bytes, with the line ends that the last lines lack, and where each part ends. */
function joined(parts: readonly Uint8Array[], eol: Uint8Array): { bytes: Uint8Array; ends: number[] } {
  const [only] = parts
  if (parts.length === 1 && (only!.length === 0 || endsLine(only!, eol)))
    return { bytes: only!, ends: [only!.length] }
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length + eol.length, 0))
  const ends: number[] = []
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
    if (part.length > 0 && !endsLine(part, eol)) {
      bytes.set(eol, at)
      at += eol.length
    }
    ends.push(at)
  }
  return { bytes: bytes.subarray(0, at), ends }
}

function endsLine(bytes: Uint8Array, eol: Uint8Array): boolean {
  const last = bytes.at(-1)
  return last === lf || (last === cr && eol[0] === cr && eol.length === 1)
}

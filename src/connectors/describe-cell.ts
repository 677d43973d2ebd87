// A cell as it is named in a message.
import { cellText } from '../table/cell.ts'
import type { Cell } from '../table/interface.ts'

const lengthMax = 40

export function describeCell(cell: Cell): string {
  if (cell.kind === 'bytes') return `${cell.bytes.length} bytes`
  const text = cell.bytes.length === 0 ? cell.kind : cellText(cell).slice(0, lengthMax)
  return cell.kind === 'text' ? `the text '${text}'` : `${cell.kind === 'json' ? 'the JSON ' : ''}${text}`
}

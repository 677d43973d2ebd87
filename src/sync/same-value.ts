// Whether an endpoint's cell is the branch's value in another spelling: a database keeps 3 as 3.00 in a DECIMAL(10,2), and a
// time as its own clock shows it. It goes by the column's type there, and by nothing that would lose a digit: what a column
// has rounded, cut or folded is another value. What is not known to be the same is not.
import { canonicalNumber } from '../documents/json/scan.ts'
import type { EndpointColumn } from '../connectors/interface.ts'
import { cellText, isEmptyCell, sameCell } from '../table/cell.ts'
import type { Cell } from '../table/interface.ts'
import { arrayForm, rangeForm } from './parts-form.ts'

type ColumnKind = Pick<EndpointColumn, 'type' | 'nativeType'>

export function sameValue(branch: Cell, endpoint: Cell, column: ColumnKind): boolean {
  if (sameCell(branch, endpoint)) return true
  if (isEmptyCell(branch) || isEmptyCell(endpoint)) return false
  if (branch.kind === 'bytes' || endpoint.kind === 'bytes') return false
  const form = formOf(column)
  const one = form(textOf(branch))
  return one !== null && one === form(textOf(endpoint))
}

/** The same text for all spellings of a value; null for what is not of the type. */
type Form = (text: string) => string | null

function formOf({ type, nativeType }: ColumnKind): Form {
  switch (type) {
    case 'int':
    case 'decimal':
    case 'float':
      return numberForm
    case 'bool':
      return (text) => booleans.get(text.toLowerCase()) ?? null
    case 'date':
    case 'timestamp':
      return timeForm
    case 'json':
      return jsonForm
    default:
      return textForm(nativeType)
  }
}

/** Of a type that is kept as text. */
function textForm(nativeType: string): Form {
  if (/^uuid$/i.test(nativeType)) return uuidForm
  if (padded.test(nativeType)) return unpadded
  if (/^ts(tz)?(multi)?range$/.test(nativeType)) return rangeForm(timeForm)
  const part = nativeType.endsWith('[]') ? partForm(nativeType.slice(0, -2)) : null
  return part === null ? (text) => text : arrayForm(part)
}

/** Of an array's parts; null for those that are as they are written. */
function partForm(nativeType: string): Form | null {
  if (/^(numeric|real$|double precision$)/.test(nativeType)) return numberForm
  if (padded.test(nativeType)) return unpadded
  return nativeType.startsWith('timestamp') ? timeForm : null
}

const padded = /^(char|character|bpchar)(\(\d+\))?$/i

function unpadded(text: string): string {
  return text.replace(/ +$/, '')
}

function textOf(cell: Cell): string {
  return cell.kind === 'true' || cell.kind === 'false' ? cell.kind : cellText(cell)
}

const booleans: ReadonlyMap<string, string> = new Map([
  ...['true', 't', 'yes', 'on', '1'].map((word) => [word, 'true'] as const),
  ...['false', 'f', 'no', 'off', '0'].map((word) => [word, 'false'] as const),
])

function numberForm(text: string): string | null {
  const parts = /^\s*([+-]?)(?:(\d+)\.?|(\d*)(\.\d+))([eE][+-]?\d+)?\s*$/.exec(text)
  if (parts === null) return notFinite(text)
  const [, sign, whole, before, fraction = '', power = ''] = parts
  const digits = (whole ?? before ?? '').replace(/^0+(?=\d)/, '') || '0'
  return canonicalNumber(`${sign === '-' ? '-' : ''}${digits}${fraction}${power}`)
}

function notFinite(text: string): string | null {
  const parts = /^\s*([+-]?)(nan|inf|infinity)\s*$/i.exec(text)
  if (parts === null) return null
  return parts[2]!.toLowerCase() === 'nan' ? 'NaN' : `${parts[1] === '-' ? '-' : ''}Infinity`
}

/** A time in one form for all spellings. A time without a zone is UTC, as links write it. */
function timeForm(text: string): string | null {
  const parts =
    /^(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d)(?:\.(\d+))?)?\s*(?:(Z)|([+-])(\d\d)(?::?(\d\d))?)?)?$/i.exec(
      text.trim(),
    )
  if (parts === null) return text
  const [year, month, day, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => (part === undefined ? undefined : Number(part))) as number[]
  const [fraction = '', , sign, hours = '0', minutes = '0'] = parts.slice(7)
  const time = new Date(0)
  time.setUTCFullYear(year!, month! - 1, day)
  time.setUTCHours(hour, minute, second)
  // The 31st of June is no other day.
  if (time.getUTCDate() !== day || time.getUTCHours() !== hour || time.getUTCSeconds() !== second) return text
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
  return `${time.getTime() - offset * 60_000}.${fraction.replace(/0+$/, '')}`
}

function uuidForm(text: string): string | null {
  const digits = text.toLowerCase().replaceAll(/[{}-]/g, '')
  return /^[0-9a-f]{32}$/.test(digits) ? digits : null
}

const token = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/gs

/** JSON with its members in one order, numbers in one spelling, and a first letter that tells numbers from texts. */
function jsonForm(text: string): string | null {
  try {
    JSON.parse(text)
  } catch {
    return null
  }
  const marked = text.replaceAll(token, (one) =>
    one.startsWith('"') ? `"t${one.slice(1)}` : `"n${canonicalNumber(one)}"`,
  )
  return JSON.stringify(JSON.parse(marked), (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? { members: Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)) }
      : item,
  )
}

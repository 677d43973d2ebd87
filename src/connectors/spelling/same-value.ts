// Whether an endpoint's cell is the branch's value in another spelling: a database keeps 3 as 3.00 in a DECIMAL(10,2), and a
// time as its own clock shows it. It goes by the column's type there, and by nothing that would lose a digit: what a column
// has rounded, cut or folded is another value. What is not known to be the same is not.
import { canonicalNumber } from '../../base/decimal.ts'
import type { EndpointColumn } from '../interface.ts'
import { cellText, isEmptyCell, sameCell } from '../../table/cell.ts'
import type { Cell } from '../../table/interface.ts'
import { instantOf } from './instant.ts'
import { arrayForm, rangeForm } from './parts-form.ts'

type ColumnKind = Pick<EndpointColumn, 'type' | 'nativeType'>

export function sameValue(branch: Cell, endpoint: Cell, column: ColumnKind): boolean {
  if (sameCell(branch, endpoint)) return true
  if (isEmptyCell(branch) || isEmptyCell(endpoint)) return false
  if (branch.kind === 'bytes' || endpoint.kind === 'bytes') return false
  const form = formOf(column)
  const one = form(textOf(branch, column))
  return one !== null && one === form(textOf(endpoint, column))
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
  if (nativeType === 'money') return moneyForm
  if (padded.test(nativeType)) return unpadded
  if (/^(inet|cidr)$/.test(nativeType)) return hostForm
  if (nativeType === 'macaddr8') return macForm
  if (/^ts(tz)?(multi)?range$/.test(nativeType)) return rangeForm(timeForm)
  if (!nativeType.endsWith('[]')) return partForm(nativeType) ?? ((text) => text)
  const part = partForm(nativeType.slice(0, -2))
  return part === null ? (text) => text : arrayForm(part)
}

/** Of an array's parts, and of domains; null for those that are as they are written. */
function partForm(nativeType: string): Form | null {
  if (/^(numeric|real$|double precision$)/.test(nativeType)) return numberForm
  if (padded.test(nativeType)) return unpadded
  return nativeType.startsWith('timestamp') ? timeForm : null
}

const padded = /^(char|character|bpchar)(\(\d+\))?$/i

export function unpadded(text: string): string {
  return text.replace(/ +$/, '')
}

function textOf(cell: Cell, { type }: ColumnKind): string {
  if (cell.kind !== 'true' && cell.kind !== 'false') return cellText(cell)
  // A column of numbers keeps true as 1.
  return type === 'int' ? String(Number(cell.kind === 'true')) : cell.kind
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

/** A time in one form for all spellings. */
function timeForm(text: string): string {
  return instantOf(text)?.time ?? text
}

function uuidForm(text: string): string | null {
  const digits = text.toLowerCase().replaceAll(/[{}-]/g, '')
  return /^[0-9a-f]{32}$/.test(digits) ? digits : null
}

/** '-$1,234.50' is -1234.5, and so is '-1.234,50 €'. */
function moneyForm(text: string): string | null {
  const digits = text.replaceAll(/[^\d.,-]/g, '').replace(/[.,](?=\d{1,2}$)/, 'p')
  return numberForm(digits.replaceAll(/[.,]/g, '').replace('p', '.'))
}

/** An address without a length of its network is that of a single host. */
export function hostForm(text: string): string {
  return text.replace(text.includes(':') ? /\/128$/ : /\/32$/, '')
}

/** An address of six bytes is one of eight with ff:fe in the middle. */
export function macForm(text: string): string {
  return text.toLowerCase().replace(/^(..:..:..):(..:..:..)$/, '$1:ff:fe:$2')
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

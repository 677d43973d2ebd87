// The first line by which a CSV file tells spreadsheets its delimiter, as in "sep=;". It stands before the header,
// behind a byte order mark if there is one, and is neither a header nor a row.
import { equalBytes } from '../base/bytes.ts'

const prefix = Uint8Array.of(0x73, 0x65, 0x70, 0x3d)
const lineFeed = 10
const carriageReturn = 13
const quote = 34

export interface DelimiterLine {
  readonly delimiter: string
  readonly eol: '\n' | '\r\n' | '\r'
  /** Bytes, with the line end. */
  readonly length: number
}

/** `bytes` begin behind a byte order mark. Null: they begin with another line. */
export function readDelimiterLine(bytes: Uint8Array): DelimiterLine | null {
  if (!equalBytes(bytes.subarray(0, prefix.length), prefix)) return null
  const delimiter = bytes[prefix.length]
  if (delimiter === undefined || delimiter === quote || !isPrintable(delimiter)) return null
  const end = prefix.length + 1
  const eol = eolAt(bytes, end)
  if (eol === null) return null
  return { delimiter: String.fromCharCode(delimiter), eol, length: end + eol.length }
}

export function delimiterLine(delimiter: string, eol: string): string {
  return `sep=${delimiter}${eol}`
}

function isPrintable(byte: number): boolean {
  return byte === 9 || (byte >= 32 && byte < 127)
}

function eolAt(bytes: Uint8Array, at: number): DelimiterLine['eol'] | null {
  if (bytes[at] === lineFeed) return '\n'
  if (bytes[at] !== carriageReturn) return null
  return bytes[at + 1] === lineFeed ? '\r\n' : '\r'
}

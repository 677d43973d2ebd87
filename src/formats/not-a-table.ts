// A file that is legal and yet cannot be held as a table and written back byte for byte. It is no fault of the user:
// the caller stores the file as plain bytes and says why.
import type { SliceFault } from './interface.ts'

export class NotATable extends Error {
  override readonly name: string = 'NotATable'
  /** Words that finish the sentence "it is not kept as a table: …". */
  readonly reason: string
  /** 1-based line of the file, or null when the reason has no place. */
  readonly line: number | null
  /** Of a row. */
  readonly fault: SliceFault | null

  constructor(reason: string, line: number | null = null, fault: SliceFault | null = null) {
    super(line === null ? reason : `${reason} (line ${line})`)
    this.reason = reason
    this.line = line
    this.fault = fault
  }
}

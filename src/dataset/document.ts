// The YAML of varve.yaml as a document that knows the line of each node, and faults that name it.
import { type Document, LineCounter, type Node, isScalar, parseDocument } from 'yaml'
import { VarveError } from '../base/errors.ts'
import { configFileName } from './interface.ts'

/** Makes the error for a fault at a node: its line, and what is allowed instead. */
export type FaultAt = (node: unknown, what: string, hint?: string) => VarveError

export interface ParsedConfig {
  readonly document: Document
  readonly fault: FaultAt
}

export function parsedConfig(text: string): ParsedConfig {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, version: '1.2' })
  const fault: FaultAt = (node, what, hint) =>
    faultAt(lines.linePos((node as Node | null)?.range?.[0] ?? 0).line, what, hint)
  const error = document.errors[0]
  if (error !== undefined) throw faultAt(error.linePos?.[0].line ?? 1, error.message.split(' at line ')[0]!)
  return { document, fault }
}

const hintDefault = `mend that line; 'varve diff ${configFileName}' shows what has changed in it`

function faultAt(line: number, what: string, hint: string = hintDefault): VarveError {
  return new VarveError('VARVE_RULE_VIOLATED', `${configFileName}, line ${line}: ${what}`, {
    data: { path: configFileName, line },
    hint,
  })
}

// A column called 2024 or true is text in the file; YAML reads it as something else and keeps what was written.
export function nameOf(value: unknown): string | null {
  if (!isScalar(value)) return null
  if (typeof value.value === 'string') return value.value === '' ? null : value.value
  return typeof value.source === 'string' && value.value !== null ? value.source : null
}

/** As `nameOf`, for a column, which may be without a name: the first column that pandas writes is. */
export function columnName(value: unknown): string | null {
  return isScalar(value) && value.value === '' ? '' : nameOf(value)
}

// Conflicts as a CSV sheet to fill in: a line each, its three sides as text, and an empty column for the resolution.
// The sheet that comes back is compared with these same lines, so what they say is exact: texts as they are, other
// values and rows as JSON, files by size and content. resolve-sheet.ts reads it.
import { toHex, utf8 } from '../../base/bytes.ts'
import type { Tree } from '../../files/tree.ts'
import type { NumberedRecord } from '../../merge/conflicts/conflicts.ts'
import type { StoredSide } from '../../merge/conflicts/conflict-record.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { sha256 } from '../../base/platform.ts'
import type { Row, Value } from '../../table/interface.ts'
import { ConflictReader } from './conflict-reader.ts'
import type { ConflictInfo } from '../interface.ts'

export const sheetColumns = ['id', 'path', 'key', 'column', 'base', 'ours', 'theirs', 'resolution'] as const
/** Those that say which conflict is meant: they must come back as they were. */
export const factColumns: readonly string[] = sheetColumns.slice(1, -1)

export class SheetWriter {
  readonly reader: ConflictReader

  constructor(nodes: NodeStore, tree: Tree) {
    this.reader = new ConflictReader(nodes, tree)
  }

  /** For each conflict the texts of all `sheetColumns` except the last, which is for the answer. */
  async fields(batch: readonly NumberedRecord[]): Promise<string[][]> {
    const infos = await this.reader.describe(batch)
    const lines: string[][] = []
    for (const [i, info] of infos.entries()) {
      const { record } = batch[i]!
      const shape = info.key === undefined ? null : await this.reader.schemas.at(info.path)
      const isTyped = shape?.schema.cells === 'typed'
      const sides = ([record.base, record.ours, record.theirs] as const).map((side, at) =>
        sideText(info, [info.base, info.ours, info.theirs][at]!, side, isTyped),
      )
      lines.push([info.id, info.path, info.where ?? keyText(info.key ?? []), info.column ?? '', ...sides])
    }
    return lines
  }
}

function keyText(key: readonly Value[]): string {
  if (key.length === 0) return ''
  return key.length === 1 ? cellText(key[0]!, false) : jsonText(key)
}

function sideText(info: ConflictInfo, value: Value | Row, side: StoredSide | null, isTyped: boolean): string {
  if (side === null) return ''
  if (info.kind === 'part') return (value as string | null) ?? ''
  if (info.kind === 'cell') return cellText(value as Value, isTyped)
  if (info.kind === 'row' || info.kind === 'key-collision') return jsonText(value)
  const content = toHex(sha256(utf8(`${toHex(side.value)} ${side.links.join(' ')}`)))
  return `${value as string} (${content.slice(0, 16)})`
}

/** As `--value` would take it: in a typed table a text that reads as a literal of JSON is quoted as one. */
function cellText(value: Value, isTyped: boolean): string {
  if (value === null) return isTyped ? 'null' : ''
  if (typeof value !== 'string') return typeof value === 'bigint' ? value.toString() : jsonText(value)
  return isTyped && isLiteral(value) ? JSON.stringify(value) : value
}

function isLiteral(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** With the digits of large integers, and bytes as base64 in a text. */
function jsonText(value: unknown): string {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return JSON.stringify(`base64:${Buffer.from(value).toString('base64')}`)
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}:${jsonText(item)}`)
  return `{${members.join(',')}}`
}

export function sheetLine(fields: readonly string[]): string {
  return `${fields.map(quoted).join(',')}\n`
}

function quoted(text: string): string {
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

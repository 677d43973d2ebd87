// A filled-in sheet of conflicts, read back. All of it is checked before anything is changed: every line names an open
// conflict, and says of it what is stored; the first that does not is named, and nothing happens. An empty resolution
// leaves its conflict open. `ours`, `theirs`, `base`, `delete` and `keep` are what they say; anything else is the value
// itself, and so is what stands behind a leading '=', for values that are such a word, empty, or begin with '='.
import { concatBytes, equalBytes, utf8, utf8Text } from '../../base/bytes.ts'
import { VarveError, isVarveError } from '../../base/errors.ts'
import { dialectOf } from '../../formats/csv/plan.ts'
import { RecordReader } from '../../formats/csv/record.ts'
import { readDelimiterLine } from '../../files/delimiter-line.ts'
import { Tree } from '../../files/tree.ts'
import { type NumberedRecord, scanRecords } from '../../merge/conflicts/conflicts.ts'
import { settleConflicts } from '../../merge/resolve/resolve.ts'
import type { Resolution } from '../../merge/resolve/settler.ts'
import { type Take, chosenSide } from '../../merge/resolve/take.ts'
import type { Folder, Repo } from '../../repo/interface.ts'
import { type MergeContext, changeMerge, nothingToSettle } from './conflicts.ts'
import { SheetWriter, factColumns, sheetColumns } from './conflict-sheet.ts'
import type { OperationOptions } from '../interface.ts'

const sheetBytesMax: number = 512 << 20
const words: readonly string[] = ['ours', 'theirs', 'base', 'delete', 'keep']

export async function resolveBySheet(
  repo: Repo,
  folder: Folder | null,
  bytes: Uint8Array,
  options: OperationOptions = {},
): Promise<{ resolved: number; left: number }> {
  const sheet = new Sheet(bytes)
  const { resolved, left } = await changeMerge(repo, folder, { ...options, message: '--from' }, (merge) =>
    settleBySheet(merge, sheet, options),
  )
  return { resolved, left }
}

async function settleBySheet(
  merge: MergeContext,
  sheet: Sheet,
  options: OperationOptions,
): Promise<Resolution> {
  const { open, io, state, schemas, rerere } = merge
  const { conflicts } = open
  if (conflicts === null) throw nothingToSettle(state.kind)
  const writer = new SheetWriter(io.nodes, await Tree.load(io.nodes, state.met?.tree ?? open.tree))
  const seen = new Set<number>()
  for await (const batch of scanRecords(io.nodes, conflicts, {}, options)) {
    const named = batch.filter(({ number }) => sheet.lines.has(number))
    for (const { number } of named) seen.add(number)
    sheet.check(named, await writer.fields(named))
  }
  sheet.checkAllSeen(seen)
  const choose = async (
    batch: readonly NumberedRecord[],
  ): ReturnType<Parameters<typeof settleConflicts>[1]> => {
    const chosen = []
    for (const { number, record } of batch) {
      const take = sheet.takeOf(number)
      chosen.push(
        take === null
          ? undefined
          : await sheet.onLine(number, () => chosenSide(record, take, schemas, io.writer)),
      )
    }
    return chosen
  }
  return settleConflicts({ ...open, conflicts }, choose, {
    signal: options.signal,
    onSettled: async (batch) => rerere?.remember(batch),
  })
}

interface Line {
  /** In the file, from 1. */
  readonly line: number
  /** Offset of its record. */
  readonly at: number
}

class Sheet {
  /** By number of the conflict. */
  readonly lines = new Map<number, Line>()
  readonly #reader: RecordReader
  /** By column of the sheet: its place in the file. */
  readonly #places: ReadonlyMap<string, number>

  constructor(bytes: Uint8Array) {
    if (bytes.length > sheetBytesMax)
      throw new VarveError('VARVE_USAGE', `the sheet is longer than ${sheetBytesMax} bytes`, {
        hint: 'split it: each part needs the line with the names of the columns',
      })
    const { reader, start, names, firstLine } = openSheet(bytes)
    this.#reader = reader
    this.#places = new Map(sheetColumns.map((name) => [name, names.indexOf(name)]))
    const missing = sheetColumns.find(
      (name) => names.indexOf(name) !== names.lastIndexOf(name) || !names.includes(name),
    )
    if (missing !== undefined) throw faultAt(1, `the header does not name the column '${missing}' once`)
    let line = firstLine
    for (let at = start; at < reader.src.length;) {
      const end = reader.read(at)
      if (end < 0) throw faultAt(line, `the line cannot be read: ${reader.fault ?? 'unfinished'}`)
      this.#take(line, at, names.length)
      line += 1 + reader.innerLines
      at = end
    }
  }

  #take(line: number, at: number, width: number): void {
    const reader = this.#reader
    const texts = Array.from({ length: reader.count }, (_, i) => fieldText(reader, i, line))
    if (texts.every((text) => text === '')) return
    if (texts.length !== width) throw faultAt(line, `the line has ${texts.length} cells, the header ${width}`)
    const id = texts[this.#places.get('id')!]!
    if (!/^[1-9]\d{0,8}$/.test(id)) throw faultAt(line, `'${id}' is not the id of a conflict`)
    const before = this.lines.get(Number(id))
    if (before !== undefined) throw faultAt(line, `conflict ${id} is already in line ${before.line}`)
    this.lines.set(Number(id), { line, at })
    checkWord(line, texts[this.#places.get('resolution')!]!)
  }

  #fields(number: number): Map<string, string> {
    const { at, line } = this.lines.get(number)!
    this.#reader.read(at)
    return new Map([...this.#places].map(([name, place]) => [name, fieldText(this.#reader, place, line)]))
  }

  /** Whether the lines say of these conflicts what is stored. */
  check(batch: readonly NumberedRecord[], stored: readonly (readonly string[])[]): void {
    for (const [i, { number }] of batch.entries()) {
      const given = this.#fields(number)
      const wrong = factColumns.findIndex((name, at) => !sameField(given.get(name)!, stored[i]![at + 1]!))
      if (wrong < 0) continue
      throw faultAt(
        this.lines.get(number)!.line,
        `conflict ${number} has another '${factColumns[wrong]}' now`,
        "write the sheet anew with 'varve conflicts --format csv'; in a spreadsheet, read all columns as text",
      )
    }
  }

  checkAllSeen(seen: ReadonlySet<number>): void {
    for (const [number, { line }] of this.lines) {
      if (!seen.has(number)) throw faultAt(line, `there is no open conflict ${number}`)
    }
  }

  takeOf(number: number): Take | null {
    if (!this.lines.has(number)) return null
    const text = this.#fields(number).get('resolution')!
    if (text === '') return null
    if (words.includes(text)) return text as Take
    return { value: text.startsWith('=') ? text.slice(1) : text }
  }

  async onLine<T>(number: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!isVarveError(error, 'VARVE_USAGE')) throw error
      throw faultAt(this.lines.get(number)!.line, error.message, error.hint)
    }
  }
}

/** Spreadsheets may have changed the line ends within cells, so these do not count. */
function sameField(given: string, stored: string): boolean {
  return given === stored || given.replaceAll('\r\n', '\n') === stored.replaceAll('\r\n', '\n')
}

function checkWord(line: number, text: string): void {
  const word = text.trim().toLowerCase()
  if (!words.includes(word) || text === word) return
  throw faultAt(line, `'${text}' is not a resolution`, `write '${word}', or '=${text}' for that text`)
}

const byteOrderMark = Uint8Array.of(0xef, 0xbb, 0xbf)

/** Reads the header, which also tells the delimiter: spreadsheets write commas, semicolons or tabs, and some name it. */
function openSheet(bytes: Uint8Array): {
  reader: RecordReader
  start: number
  names: string[]
  firstLine: number
} {
  const from = equalBytes(bytes.subarray(0, 3), byteOrderMark) ? 3 : 0
  const told = readDelimiterLine(bytes.subarray(from))
  const body = bytes.subarray(from + (told?.length ?? 0))
  const isEnded = body.at(-1) === 10 || body.length === 0
  const whole = isEnded ? body : concatBytes([body, Uint8Array.of(10)])
  for (const delimiter of told === null ? [',', ';', '\t'] : [told.delimiter]) {
    const reader = new RecordReader(whole, dialectOf(delimiter, '"', '\n'))
    const start = whole.length === 0 ? -1 : reader.read(0)
    if (start < 0) continue
    const names = Array.from({ length: reader.count }, (_, i) => fieldText(reader, i, 1))
    if (names.includes('id') && names.includes('resolution'))
      return { reader, start, names, firstLine: (told === null ? 2 : 3) + reader.innerLines }
  }
  throw faultAt(1, `the header does not name the columns ${sheetColumns.join(', ')}`)
}

function fieldText(reader: RecordReader, cell: number, line: number): string {
  try {
    return utf8Text(reader.bytesOf(cell).subarray(reader.starts[cell], reader.ends[cell]))
  } catch {
    throw faultAt(line, 'the line is not UTF-8', 'save the sheet as CSV in UTF-8')
  }
}

function faultAt(line: number, what: string, hint?: string): VarveError {
  return new VarveError('VARVE_USAGE', `line ${line} of the sheet: ${what}`, {
    data: { line },
    hint: hint ?? "'varve conflicts --format csv' writes a sheet to fill in",
  })
}

/** For callers with text. */
export function sheetBytes(sheet: string | Uint8Array): Uint8Array {
  return typeof sheet === 'string' ? utf8(sheet) : sheet
}

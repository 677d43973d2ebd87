// Whether a pattern matches in what was added to a path or removed from it: for `log -G`. Of texts that is lines, as a diff
// has them; of tables the cells that differ, those of rows that came or went, and the names of columns.
import { concatBytes } from '../../base/bytes.ts'
import { throwIfAborted } from '../../base/errors.ts'
import { collect } from '../../base/iterables.ts'
import type { Pattern } from '../../base/pattern.ts'
import { yieldIfDue } from '../../base/turns.ts'
import { lineHunks } from '../../documents/line-hunks.ts'
import type { FileEntry } from '../../files/interface.ts'
import { readFile } from '../../files/read.ts'
import { textFromBytes } from '../../files/text.ts'
import { diffMaps } from '../../prolly/diff.ts'
import type { Difference } from '../../prolly/interface.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { sameCell } from '../../table/cell.ts'
import { contentRuns, entryContentBytes } from '../../table/content-runs.ts'
import { entryCells } from '../../table/entry-cells.ts'
import type { Cell } from '../../table/interface.ts'
import { Table } from '../../table/table.ts'
import { type ChangedPath, textBytesMax } from '../diff/diff.ts'
import { PatternCounter } from './pattern-counter.ts'
import { TextChanges } from './text-changes.ts'

const rowsAtOnce = 256
/** A NUL among so many bytes makes a file binary. */
const gitSampleBytes = 8000

export class LineChanges {
  readonly #nodes: NodeStore
  readonly #pattern: Pattern
  readonly #counter: PatternCounter
  /** For what no diff compares by lines. */
  readonly #counts: TextChanges
  readonly #options: ReadOptions

  constructor(nodes: NodeStore, pattern: Pattern, options: ReadOptions = {}) {
    this.#nodes = nodes
    this.#pattern = pattern
    this.#counter = new PatternCounter(pattern)
    this.#counts = new TextChanges(nodes, this.#counter, options)
    this.#options = options
  }

  /**
   * Files that are too large for a diff, and what was another kind of thing before, have changed when the number of matches
   * has. Binary files have no lines.
   */
  async differs(change: ChangedPath): Promise<boolean> {
    const { before, after } = change
    if (before?.kind === 'table' && after?.kind === 'table') {
      const [old, young] = await Promise.all(
        [before.table, after.table].map((table) => Table.load(this.#nodes, table, this.#options)),
      )
      return this.#rowsDiffer(old!, young!)
    }
    // Most changes have nothing to do with it, and then there is nothing to compare.
    const [old, young] = [await this.#counts.countIn(before), await this.#counts.countIn(after)]
    if (old === 0 && young === 0) return false
    const files = [before, after].filter((entry) => entry?.kind === 'file')
    for (const file of files) if (await this.#isBinary(file)) return false
    const areTexts = files.length === 2 && files.every(({ size }) => size <= textBytesMax)
    return areTexts ? this.#linesDiffer(files[0]!, files[1]!) : old !== young
  }

  /** As Git has it. */
  async #isBinary(file: FileEntry): Promise<boolean> {
    const options = { ...this.#options, end: gitSampleBytes }
    for await (const piece of readFile(this.#nodes, file, options)) if (piece.includes(0)) return true
    return false
  }

  async #linesDiffer(before: FileEntry, after: FileEntry): Promise<boolean> {
    if (before.content === after.content) return false
    const [old, young] = [await this.#textOf(before), await this.#textOf(after)]
    await yieldIfDue()
    return lineHunks(old, young, { context: 0 }).some(({ lines }) =>
      lines.some((line) => /^[-+]/.test(line) && this.#pattern.isIn(line.slice(1))),
    )
  }

  async #textOf(file: FileEntry): Promise<string> {
    return textFromBytes(concatBytes(await collect(readFile(this.#nodes, file, this.#options))))
  }

  async #rowsDiffer(old: Table, young: Table): Promise<boolean> {
    const [before, after] = [old, young].map((table) => table.shape.schema.columns.map(({ name }) => name))
    const names = new Set([...before!, ...after!])
    const changed = [...names].filter((name) => !before!.includes(name) || !after!.includes(name))
    if (changed.some((name) => this.#counter.countInText(name) > 0)) return true
    const columns = [...names].map((name) => ({ name }))
    for await (const differences of diffMaps(old.map, young.map, this.#options)) {
      for (let at = 0; at < differences.length; at += rowsAtOnce) {
        for (const run of contentRuns(differences.slice(at, at + rowsAtOnce), differenceBytes)) {
          const sides = await Promise.all([
            entryCells(
              this.#nodes.reader,
              old.shape,
              run.map((one) => one.before),
              columns,
            ),
            entryCells(
              this.#nodes.reader,
              young.shape,
              run.map((one) => one.after),
              columns,
            ),
          ])
          if (run.some((_, row) => this.#cellsDiffer(sides[0][row]!, sides[1][row]!))) return true
        }
        throwIfAborted(this.#options.signal)
        await yieldIfDue()
      }
    }
    return false
  }

  /** null: there is no such row. */
  #cellsDiffer(before: readonly Cell[] | null, after: readonly Cell[] | null): boolean {
    const matches = (cell: Cell): boolean => this.#counter.countInCell(cell) > 0
    if (before === null || after === null) return (before ?? after ?? []).some(matches)
    return before.some((old, i) => !sameCell(old, after[i]!) && (matches(old) || matches(after[i]!)))
  }
}

function differenceBytes({ before, after }: Difference): number {
  return entryContentBytes(before) + entryContentBytes(after)
}

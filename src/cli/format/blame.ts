// Blame as lines in Git's way: the commit, in brackets who and when, then what they brought in.
import type { Blame, BlamedCommit, LineBlame, RowBlame } from '../../api/row-history.ts'
import type { Mailmap } from '../../history/mailmap.ts'
import type { Output } from '../output.ts'
import { displayWidth, padded, visible, visibleLine } from '../visible.ts'
import { shortId } from './commit.ts'
import { isoText } from '../../base/time.ts'
import { keyText, rowText, shortValue } from './value.ts'

const nameColumnsMax = 24
const keyColumnsMax = 32

/** Prints a batch at a time; widths come from the commits, which are all known before. */
export class BlamePrinter {
  readonly #out: Output
  readonly #blame: Blame
  readonly #heads = new Map<BlamedCommit, string>()

  constructor(out: Output, blame: Blame, mailmap: Mailmap) {
    this.#out = out
    this.#blame = blame
    const { commits, path } = blame
    const names = commits.map(({ author }) => visible(mailmap.of(author).name))
    const nameWidth = Math.min(nameColumnsMax, Math.max(0, ...names.map(displayWidth)))
    // As in Git, the older names are worth a column only if there are any.
    const paths = commits.some((commit) => commit.path !== path)
      ? commits.map((commit) => visible(commit.path))
      : []
    const pathWidth = Math.max(0, ...paths.map(displayWidth))
    commits.forEach((commit, i) => {
      const id = out.paint('yellow', idShown(commit))
      const file = paths.length === 0 ? '' : ` ${padded(paths[i]!, pathWidth)}`
      this.#heads.set(commit, `${id}${file} (${padded(names[i]!, nameWidth)} ${isoText(commit.author)}`)
    })
  }

  lines(lines: readonly LineBlame[], lastLine: number): void {
    const width = String(lastLine).length
    for (const { line, text, by } of lines)
      this.#out.line(`${this.#heads.get(by)!} ${String(line).padStart(width)}) ${visibleLine(text)}`)
  }

  rows(rows: readonly RowBlame[]): void {
    const { keyColumns } = this.#blame
    const whole = this.#out.verbose
    const keys = rows.map(({ key }) => keyText(key, keyColumns))
    const width = Math.min(keyColumnsMax, Math.max(0, ...keys.map(displayWidth)))
    rows.forEach(({ row, by, cells }, i) => {
      const key = padded(keys[i]!, width)
      if (by !== null) this.#line(by, `${key}  ${rowText(row, keyColumns, whole)}`)
      for (const cell of cells)
        this.#line(cell.by, `${key}  ${visible(cell.column)}: ${shortValue(cell.value, whole)}`)
    })
  }

  #line(by: BlamedCommit, text: string): void {
    this.#out.line(`${this.#heads.get(by)!}) ${text}`.trimEnd())
  }
}

/** As in Git, '^' says that it was not looked behind. */
function idShown({ commit, boundary }: BlamedCommit): string {
  const id = shortId(commit)
  return boundary === true ? `^${id.slice(0, -1)}` : id
}

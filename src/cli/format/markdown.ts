// Markdown for a comment on a pull request. What comes from the data stands as code whose special characters are
// entities, or in a fence longer than any it holds: no cell can break a table, draw something, mention somebody or run
// anything. The whole keeps below what such a comment may hold; what is left out is counted.
import type { Output } from '../output.ts'
import { visible, visibleLine } from '../visible.ts'

/** Rows of one table, and lines of one text. */
export const linesMax = 50
/** GitHub takes 65,536 characters. */
const charsMax = 60_000

export class Markdown {
  readonly #out: Output
  readonly #charsMax: number
  #chars = 0

  constructor(out: Output) {
    this.#out = out
    this.#charsMax = out.verbose ? Number.POSITIVE_INFINITY : charsMax
  }

  /** Whether a section like the ones before would be too much. */
  get isFull(): boolean {
    return this.#chars >= this.#charsMax
  }

  line(text = ''): void {
    this.#chars += text.length + 1
    this.#out.line(text)
  }

  paragraph(text: string): void {
    this.line(text)
    this.line()
  }

  heading(level: 3 | 4, text: string): void {
    this.paragraph(`${'#'.repeat(level)} ${text}`)
  }

  /** Cells that are Markdown already; those that do not fit are counted as `unit`, with `more` that nobody handed over. */
  table(head: readonly string[], rows: readonly (readonly string[])[], unit: string, more = 0): void {
    this.line(`| ${head.join(' | ')} |`)
    this.line(`|${head.map((title) => (rightAligned.has(title) ? '---:' : '---')).join('|')}|`)
    let shown = 0
    for (const row of rows) {
      if (this.isFull) break
      this.line(`| ${row.join(' | ')} |`)
      shown += 1
    }
    this.line()
    this.more(rows.length - shown + more, unit)
  }

  /** Prints lines in a fence, as they are. */
  fenced(language: string, lines: readonly string[], more: number): void {
    const shown = lines.map((line) => {
      const text = visibleLine(line)
      return text.length > lineCharsMax ? `${text.slice(0, lineCharsMax)}…` : text
    })
    const longest = shown.reduce(
      (most, line) => (line.match(/`+/g) ?? []).reduce((max, run) => Math.max(max, run.length), most),
      2,
    )
    const fence = '`'.repeat(longest + 1)
    this.line(fence + language)
    for (const line of shown) this.line(line)
    this.line(fence)
    this.line()
    this.more(more, 'line')
  }

  more(count: number, unit: string): void {
    if (count > 0) this.paragraph(`… and ${count} more ${unit}${count === 1 ? '' : 's'}`)
  }
}

const lineCharsMax = 500
const rightAligned: ReadonlySet<string> = new Set(['added', 'changed', 'removed', 'cells', 'conflicts'])

/** Marks a text from the data as code. */
export function code(text: string): string {
  return text === '' ? '' : codeOf(visible(text))
}

/** Marks as code a text that is already free of control characters. */
export function codeOf(text: string): string {
  if (text === '') return ''
  return `<code>${text.replaceAll(/[&<>|`*_[\]\\~@#!$:]/g, (character) => `&#${character.charCodeAt(0)};`)}</code>`
}

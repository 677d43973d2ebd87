// Text set in lines that are not longer than the terminal is wide.
import { displayWidth } from '../visible.ts'

const word = /\S+/g
/** What stands in brackets stays together where it fits: '[--stat | --name-only]'. */
const part = /(?:\[[^[\]]*(?:\[[^[\]]*\][^[\]]*)*\]|\S)+/g

/** The words in lines of at most `width` columns, unless one alone is longer; all but the first begin with `indent`. */
export function fill(text: string, width: number, indent = ''): string[] {
  return inLines(text.match(word) ?? [], /^ */.exec(text)![0], width, indent)
}

/** As `fill`, for the usage of a command. */
export function fillUsage(text: string, width: number, indent: string): string[] {
  return inLines(text.match(part) ?? [], /^ */.exec(text)![0], width, indent)
}

/** Rows of a term and what it means, beneath each other. */
export function fillTerms(rows: readonly (readonly [string, string])[], width: number): string[] {
  const termWidth = Math.min(32, Math.max(...rows.map(([term]) => term.length)))
  // In a narrow window lines may as well be longer than it is.
  const full = Math.max(width, termWidth + 44)
  return rows.flatMap(([term, about]) => {
    const head = `  ${term.padEnd(termWidth)}  `
    const lines = fill(about, full - head.length).map(
      (line, i) => `${i === 0 ? head : ' '.repeat(termWidth + 4)}${line}`,
    )
    return lines.length === 0 ? [head.trimEnd()] : lines
  })
}

/** Paragraphs anew in such lines; one whose lines are set in is a list of terms, and what each means. */
export function fillParagraphs(text: string, width: number): string[] {
  return text.split('\n\n').flatMap((paragraph, i) => {
    const lines = paragraph.startsWith('  ') ? fillTerms(termsOf(paragraph), width) : fill(paragraph, width)
    return i === 0 ? lines : ['', ...lines]
  })
}

/** A line that is set in further goes on with what the term before it means. */
function termsOf(list: string): (readonly [string, string])[] {
  return list
    .replaceAll(/\n {4,}/g, ' ')
    .split('\n')
    .map((line) => {
      const [, term, about] = /^ {2}(.+?) {2,}(.*)$/.exec(line) ?? ['', line.trim(), '']
      return [term!, about!] as const
    })
}

function inLines(words: readonly string[], start: string, width: number, indent: string): string[] {
  const lines: string[] = []
  let line = start
  let isEmpty = true
  for (const one of words) {
    if (!isEmpty && displayWidth(line) + 1 + displayWidth(one) > width) {
      lines.push(line)
      line = indent
      isEmpty = true
    }
    line += isEmpty ? one : ` ${one}`
    isEmpty = false
  }
  return isEmpty ? lines : [...lines, line]
}

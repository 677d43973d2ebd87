// What a person typed into an editor becomes a message: lines that begin with '#' (or what stands for it) and all from
// the scissors on are cut off, and of empty lines no more is left than parts two paragraphs. As `git stripspace`.
import { cleanText } from '../../history/message.ts'

const marks = ['#', ';', '@', '!', '$', '%', '^', '&', '|', ':']

/** What comments beside this message begin with: '#', unless a line of the message does. */
export function markFor(message: string): string {
  const lines = message.split('\n')
  return marks.find((mark) => !lines.some((line) => line.startsWith(mark))) ?? '#'
}

export function scissors(mark: string): string {
  return `${mark} ------------------------ >8 ------------------------`
}

export function cleanMessage(text: string, mark = '#'): string {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const end = lines.indexOf(scissors(mark))
  const kept = (end < 0 ? lines : lines.slice(0, end)).filter((line) => !line.startsWith(mark))
  return cleanText(kept.join('\n'))
}

export function commented(lines: readonly string[], mark: string): string[] {
  return lines.map((line) => `${mark} ${line}`.trimEnd())
}

// The parts of a message, as Git has them: its first paragraph is the subject, the rest is the body.

/** The first paragraph, on one line. */
export function subjectOf(message: string): string {
  const lines: string[] = []
  for (let at = 0; at < message.length;) {
    const end = endOfLine(message, at)
    const line = message.slice(at, end).trimEnd()
    if (line !== '') lines.push(line)
    else if (lines.length > 0) break
    at = end
  }
  return lines.join(' ')
}

/** What follows the subject and the empty lines behind it. */
export function bodyOf(message: string): string {
  let isSubject = true
  let hasSubject = false
  for (let at = 0; at < message.length;) {
    const end = endOfLine(message, at)
    const isEmpty = message.slice(at, end).trim() === ''
    if (isEmpty && hasSubject) isSubject = false
    else if (!isEmpty && !isSubject) return message.slice(at)
    else if (!isEmpty) hasSubject = true
    at = end
  }
  return ''
}

/** Without what nobody sees: space at ends of lines, empty lines around it, and more than one in a row. */
export function cleanText(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .replaceAll(/^\n+|\n+$/g, '')
}

/** Behind the end of the line that begins at `at`. */
function endOfLine(text: string, at: number): number {
  const newline = text.indexOf('\n', at)
  return newline < 0 ? text.length : newline + 1
}

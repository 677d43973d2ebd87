// The option --format of commands that print text or Markdown.
import { type Arguments, usage } from './arguments.ts'

const formats: readonly string[] = ['text', 'markdown']

export function markdownAsked(given: Arguments): boolean {
  const format = given.text('format') ?? 'text'
  if (!formats.includes(format))
    throw usage(`unknown format '${format}'`, `known: ${formats.join(', ')}; for a program: '--json'`)
  return format === 'markdown'
}

// The option --format of commands that print text or Markdown.
import { type Arguments, usage } from './arguments.ts'

export const textFormats: readonly string[] = ['text', 'markdown']

export function markdownAsked(given: Arguments): boolean {
  const format = given.text('format') ?? 'text'
  if (!textFormats.includes(format))
    throw usage(`unknown format '${format}'`, `known: ${textFormats.join(', ')}; for a program: '--json'`)
  return format === 'markdown'
}

// The elements of a JSON array as they are written, so that no digit of a number and no escape is lost on the way
// through a merge. Elements are compared without the spaces between their parts.

/** The elements of an array; null when the text, which is known to be JSON, is something else. */
export function arrayElements(text: string): string[] | null {
  const body = text.trim()
  if (!body.startsWith('[') || !body.endsWith(']')) return null
  const elements: string[] = []
  let depth = 0
  let start = 1
  for (let i = 0; i < body.length; i++) {
    const char = body[i]!
    if (char === '"') i = stringEnd(body, i)
    else if (char === '[' || char === '{') depth++
    else if (char === ']' || char === '}') depth--
    if ((char === ',' && depth === 1) || (depth === 0 && i === body.length - 1)) {
      const element = body.slice(start, i).trim()
      if (element !== '') elements.push(element)
      start = i + 1
    }
  }
  return elements
}

function stringEnd(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}

/** An array of these elements, with the white space between them that `like` has. */
export function arrayText(elements: readonly string[], like: string): string {
  const inner = arrayElements(like) ?? []
  const first = inner.length > 1 ? like.slice(like.indexOf(inner[0]!) + inner[0]!.length) : ','
  const gap = /^\s*,\s*/.exec(first)?.[0] ?? ','
  return `[${elements.join(gap)}]`
}

/** What is equal to it as JSON is written; numbers and escapes count as they stand. */
export function withoutSpaces(json: string): string {
  let bare = ''
  for (let i = 0; i < json.length; i++) {
    if (json[i] === '"') {
      const end = stringEnd(json, i)
      bare += json.slice(i, end + 1)
      i = end
    } else if (!/\s/.test(json[i]!)) bare += json[i]
  }
  return bare
}

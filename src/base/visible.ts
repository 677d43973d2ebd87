// Text from outside (paths, names, messages, cells) made safe for those who read it. Control characters could move a
// terminal's cursor, recolour or rename the window, and direction marks could show text in another order than it is read,
// in a terminal and in a browser alike, so each is shown as an escape that says what it is.

// C0 and C1 controls, direction marks, and lone surrogates (bytes of a path that are not UTF-8).
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Cs}/gu
const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

export function visible(text: string): string {
  return text.replace(unsafe, (character) => {
    const code = character.charCodeAt(0)
    // PEP 383: a lone surrogate stands for one byte that is not UTF-8.
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`
    return (
      named[character] ??
      (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`)
    )
  })
}

/** As `visible`, but tabs stay: for the lines of a text. */
export function visibleLine(text: string): string {
  return text.split('\t').map(visible).join('\t')
}

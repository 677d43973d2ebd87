// Text from outside (paths, names, messages, cells) made safe for those who read it. Control characters could move a
// terminal's cursor, recolour or rename the window, and direction marks could show text in another order than it is read,
// in a terminal and in a browser alike, so each is shown as an escape that says what it is.

// C0 and C1 controls, direction marks, characters without a shape (two names could look the same; joiners stay, which
// scripts and emoji need), and lone surrogates (bytes of a path that are not UTF-8).
const unsafe =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/gu
const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

export function visible(text: string): string {
  return text.replace(unsafe, (character) => {
    const code = character.codePointAt(0)!
    // PEP 383: a lone surrogate stands for one byte that is not UTF-8.
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`
    return (
      named[character] ??
      (code < 0x100
        ? `\\x${code.toString(16).padStart(2, '0')}`
        : code < 0x10000
          ? `\\u${code.toString(16).padStart(4, '0')}`
          : `\\u{${code.toString(16)}}`)
    )
  })
}

/** As `visible`, except that tabs stay: for the lines of a text. */
export function visibleLine(text: string): string {
  return text.split('\t').map(visible).join('\t')
}

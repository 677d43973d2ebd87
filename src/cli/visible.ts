// Text from outside (paths, names, messages, cells) made safe and tidy for a terminal. Control characters could
// move the cursor, recolour or rename the window, and direction marks could show text in another order than it is
// read, so each is printed as an escape that shows what it is.

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

const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u
let segmenter: Intl.Segmenter | undefined

/** Columns that the text takes on a terminal. */
export function displayWidth(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length
  let width = 0
  for (const part of graphemes(text)) width += wide.test(part) ? 2 : 1
  return width
}

export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}

/** At most `max` columns, the rest as '…'. */
export function shortened(text: string, max: number): string {
  if (text.length <= max && displayWidth(text) <= max) return text
  let width = 0
  let kept = ''
  for (const part of graphemes(text)) {
    const step = wide.test(part) ? 2 : 1
    if (width + step > max - 1) return `${kept}…`
    width += step
    kept += part
  }
  return kept
}

function* graphemes(text: string): Iterable<string> {
  segmenter ??= new Intl.Segmenter()
  for (const { segment } of segmenter.segment(text)) yield segment
}

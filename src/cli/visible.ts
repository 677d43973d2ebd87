// Text from outside on a terminal: made safe (base/visible.ts), and measured in columns.
import { visible, visibleLine } from '../base/visible.ts'

export { visible, visibleLine }

const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u
let segmenter: Intl.Segmenter | undefined

/** How many columns the text takes on a terminal. */
export function displayWidth(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length
  let width = 0
  for (const part of graphemes(text)) width += wide.test(part) ? 2 : 1
  return width
}

export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}

/** The text in at most `max` columns; what is cut off becomes '…'. */
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

/** At most `max` columns of a path: its end, where its files differ. */
export function shortenedPath(text: string, max: number): string {
  if (text.length <= max && displayWidth(text) <= max) return text
  let left = max - 1
  const kept: string[] = []
  for (const part of [...graphemes(text)].toReversed()) {
    left -= wide.test(part) ? 2 : 1
    if (left < 0) break
    kept.unshift(part)
  }
  return `…${kept.join('')}`
}

export function* graphemes(text: string): Iterable<string> {
  segmenter ??= new Intl.Segmenter()
  for (const { segment } of segmenter.segment(text)) yield segment
}

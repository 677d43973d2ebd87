// Values that are made of others, as PostgreSQL writes them: arrays ({1.50,NULL}) and ranges ([a,b)). Two are the same if
// each of their parts is.

/** The same text for all spellings of a part; null for what is not of its type. */
type Form = (text: string) => string | null

const arrayPart = /"((?:[^"\\]|\\.)*)"|[^{},"]+/gs
const rangePart = /"((?:[^"\\]|\\.|"")*)"|[^[\](){},"]+/gs

export function arrayForm(part: Form): Form {
  return (text) => {
    // An array whose first place is not 1 says so before its parts.
    const start = text.indexOf('{')
    const inner = partsForm(text.slice(start), arrayPart, (one) => (one === 'NULL' ? one : part(one)))
    return start < 0 || inner === null ? null : text.slice(0, start) + inner
  }
}

export function rangeForm(part: Form): Form {
  return (text) => (text === 'empty' ? text : partsForm(text, rangePart, part))
}

/** The text with each of its parts in its form. A part in quotes is never NULL, and so it is marked. */
function partsForm(text: string, parts: RegExp, form: Form): string | null {
  let isWhole = true
  const whole = text.replaceAll(parts, (bare: string, quoted: string | undefined) => {
    // Spaces around parts mean nothing, except in quotes.
    if (bare.trim() === '') return ''
    const plain = quoted === undefined ? bare.trim() : quoted.replaceAll(/\\(.)|"(")/gs, '$1$2')
    const formed = plain === 'NULL' && quoted !== undefined ? null : form(plain)
    isWhole &&= formed !== null
    return JSON.stringify(formed)
  })
  return isWhole ? whole : null
}

// A table's path as one part of a subject or topic: signs that mean something there are written as %XX.
export function topicPart(table: string, signs: RegExp): string {
  return table.replaceAll(signs, (sign) => encodeURIComponent(sign).replace(/^[^%].*$/s, hexOf))
}

/** Encodes what encodeURIComponent leaves as it is: '.', '*' and the like. */
function hexOf(sign: string): string {
  return `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

// Values of MariaDB's types of a fixed number of bytes, as the server writes them.

/** Of 16 bytes, in the order in which they are written, whichever order the table keeps them in. */
export function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** Of 4 or 16 bytes. */
export function inetText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i))
  const gap = longestZeros(words)
  const isIpv4 = gap.from === 0 && (gap.count === 6 || (gap.count === 5 && words[5] === 0xffff))
  const hex = (from: number, to: number): string =>
    words
      .slice(from, to)
      .map((word) => word.toString(16))
      .join(':')
  if (isIpv4) return `::${gap.count === 5 ? 'ffff:' : ''}${bytes.subarray(12).join('.')}`
  if (gap.count === 0) return hex(0, 8)
  return `${hex(0, gap.from)}::${hex(gap.from + gap.count, 8)}`
}

/** The first of the longest; one zero is one too. */
function longestZeros(words: readonly number[]): { from: number; count: number } {
  let longest = { from: 0, count: 0 }
  for (let from = 0; from < words.length; from++) {
    let count = 0
    while (words[from + count] === 0) count++
    if (count > longest.count) longest = { from, count }
  }
  return longest
}

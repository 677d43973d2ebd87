// Names and literals in SQL. A name comes from a catalogue or a user and may hold anything: it is always quoted. What a
// session's settings must be for this to hold (utf8mb4, backslashes escape) stands in session.ts.

/** Quotes a name: `we``ird`. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

const special = /['\\\0]/
const escapes: Readonly<Record<string, string>> = { "'": "''", '\\': '\\\\', '\0': '\\0' }

export function quoteText(text: string): string {
  return `'${special.test(text) ? text.replaceAll(/['\\\0]/g, (found) => escapes[found]!) : text}'`
}

const hexBytesMax = 64 << 10

/** Short ones in hexadecimal; long ones in Base64, which is a third shorter: a statement has a length that it may have. */
export function quoteBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return bytes.length <= hexBytesMax
    ? `x'${buffer.toString('hex')}'`
    : `FROM_BASE64('${buffer.toString('base64')}')`
}

/** A user as CURRENT_USER() names it, for a GRANT. */
export function grantee(user: string): string {
  return `'${user.replace(/@(?=[^@]*$)/, "'@'")}'`
}

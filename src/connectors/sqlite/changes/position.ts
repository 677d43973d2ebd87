// How far a link has read a file's change table: "shop_1f0c52aa 4711 9d3f…": its name there, the number of the last
// change, and a word that the file was given with it. A file that was set back has another word, or another number.
export interface ChangesPosition {
  readonly reader: string
  readonly seq: bigint
  readonly token: string
}

export function positionText({ reader, seq, token }: ChangesPosition): string {
  return `${reader} ${seq} ${token}`
}

/** Reads a stored position; null when the text is none. */
export function positionOf(text: string): ChangesPosition | null {
  const [, reader, seq, token] = /^([A-Za-z0-9_-]{1,80}) (\d{1,18}) ([0-9a-f]{16})$/.exec(text) ?? []
  return reader === undefined ? null : { reader, seq: BigInt(seq!), token: token! }
}

// Bodies that take their time to send.

/** A body above this is sent in such slices: only then the client notices that a slow line still takes bytes. */
const sliceBytes = 256 << 10

export function isLong(body: unknown): body is Uint8Array {
  return body instanceof Uint8Array && body.length > sliceBytes
}

export function* slicesOf(body: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < body.length; at += sliceBytes) yield body.subarray(at, at + sliceBytes)
}

// A CID's digest as bytes: the index compares bytes, while all other code passes hex.
import type { Cid } from '../../encoding/cid.ts'

export function cidDigest(cid: Cid): Uint8Array {
  return Buffer.from(cid.slice(8), 'hex')
}

// A file beside the repository, by its digest: read as a stream, and an error at its end where its bytes are others.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { VarveError } from '../../base/errors.ts'

/** What the bytes must give; of several, one. */
export interface ExpectedDigest {
  readonly algorithm: 'sha256' | 'md5'
  /** Lower-case hex. */
  readonly digest: string
  /** DVC 2 left the CR of a text's line ends out when it hashed. */
  readonly orWithoutCr?: boolean
}

/** The first of the places that is a file; null when none is. */
export function firstFile(places: readonly string[]): string | null {
  return places.find((place) => fs.lstatSync(place, { throwIfNoEntry: false })?.isFile() === true) ?? null
}

/** @throws VarveError VARVE_CORRUPT at the end, where the bytes do not give the digest */
export async function* checkedFile(
  file: string,
  { algorithm, digest, orWithoutCr = false }: ExpectedDigest,
): AsyncGenerator<Uint8Array> {
  const hashes = [createHash(algorithm), ...(orWithoutCr ? [createHash(algorithm)] : [])]
  let heldCr = false
  for await (const part of fs.createReadStream(file, { highWaterMark: 1 << 20 })) {
    const bytes = part as Buffer
    hashes[0]!.update(bytes)
    if (orWithoutCr) {
      if (heldCr && bytes[0] !== 0x0a) hashes[1]!.update('\r')
      heldCr = bytes.at(-1) === 0x0d
      const text = bytes.subarray(0, bytes.length - Number(heldCr)).toString('latin1')
      hashes[1]!.update(Buffer.from(text.replaceAll('\r\n', '\n'), 'latin1'))
    }
    yield bytes
  }
  if (heldCr) hashes[1]?.update('\r')
  if (hashes.some((hash) => hash.digest('hex') === digest)) return
  const fetch = algorithm === 'sha256' ? 'git lfs fetch --all' : 'dvc fetch --all-commits'
  throw new VarveError('VARVE_CORRUPT', `'${file}' does not hold what its name says`, {
    data: { path: file },
    hint: `remove that file, then run '${fetch}' there`,
  })
}

// Text that is imported, as it is or as gzip has compressed it: what it is its first bytes tell, or the name of its file.
import { VarveError } from '../../base/errors.ts'
import { gunzipped, isGzip } from '../../base/platform-gunzip.ts'

/** @throws VarveError VARVE_RULE_VIOLATED for what cannot be unpacked as a whole */
export async function* unpackedSource(
  source: AsyncIterable<Uint8Array>,
  where: string,
): AsyncGenerator<Uint8Array> {
  const parts = source[Symbol.asyncIterator]()
  try {
    const first = await parts.next()
    const all = from(first, parts)
    const isPacked = (first.done !== true && isGzip(first.value)) || /\.gz$/i.test(where)
    yield* isPacked ? gunzipped(all, { fault: (words, cause) => notUnpacked(where, words, cause) }) : all
  } finally {
    await parts.return?.()
  }
}

async function* from<T>(first: IteratorResult<T, unknown>, parts: AsyncIterator<T>): AsyncGenerator<T> {
  for (let next = first; next.done !== true; next = await parts.next()) yield next.value
}

function notUnpacked(where: string, words: string, cause: unknown): VarveError {
  return new VarveError('VARVE_RULE_VIOLATED', `'${where}' ${words}`, {
    data: { path: where, reason: 'not-unpacked' },
    cause,
    hint: "unpack it with 'gzip -dc', and import what that gives",
  })
}

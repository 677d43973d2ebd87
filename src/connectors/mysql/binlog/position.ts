// A place in the binary log. File and offset do not name it for good: a server that was set back writes other things under
// the same ones. So it is kept with it when the file was begun, and a hash of the transaction that ends there, which
// must be the same when reading goes on.

export interface BinlogPosition {
  readonly file: string
  readonly at: number
  /** When the file was begun, in s since 1970. */
  readonly begun: number
  /** Where the transaction before it begins, and the SHA-256 of its events; null when none has been read. */
  readonly last: { readonly from: number; readonly hash: string } | null
  /** Distributed transactions that were prepared before it and not decided yet, the oldest first. */
  readonly prepared: readonly PreparedPlace[]
}

/** Where the rows of a distributed transaction stand, and the SHA-256 of its events. */
export interface PreparedPlace {
  readonly xid: string
  readonly file: string
  readonly from: number
  readonly hash: string
}

export type BinlogPlace = Pick<BinlogPosition, 'file' | 'at'>

/** Of more, the oldest are forgotten: what they wrote is compared when they are decided. */
export const preparedMax = 64

export function positionText({ file, at, begun, last, prepared }: BinlogPosition): string {
  const places = prepared.map((place) => [place.xid, place.file, place.from, place.hash])
  return JSON.stringify([
    file,
    at,
    begun,
    last?.from ?? null,
    last?.hash ?? null,
    ...(places.length > 0 ? [places] : []),
  ])
}

/** Reads a stored position; null when Varve did not write the text. */
export function positionOf(text: string): BinlogPosition | null {
  try {
    const [file, at, begun, from, hash, places = []] = JSON.parse(text) as unknown[]
    if (typeof file !== 'string' || !Number.isSafeInteger(at) || !Number.isSafeInteger(begun)) return null
    const last = typeof from === 'number' && typeof hash === 'string' ? { from, hash } : null
    if (!Array.isArray(places) || places.length > preparedMax) return null
    const prepared = places.map(preparedOf)
    if (prepared.includes(null)) return null
    return { file, at: at as number, begun: begun as number, last, prepared: prepared as PreparedPlace[] }
  } catch {
    return null
  }
}

function preparedOf(place: unknown): PreparedPlace | null {
  const [xid, file, from, hash] = place as unknown[]
  const isPlace = [xid, file, hash].every((text) => typeof text === 'string') && Number.isSafeInteger(from)
  return isPlace ? ({ xid, file, from, hash } as PreparedPlace) : null
}

/** Compares places by file and offset; files are numbered: 'binlog.000012'. */
export function isBefore(a: BinlogPlace, b: BinlogPlace): boolean {
  const [x, y] = [numberOf(a.file), numberOf(b.file)]
  return x === y ? a.at < b.at : x < y
}

function numberOf(file: string): number {
  return Number(/\.(\d+)$/.exec(file)?.[1] ?? 0)
}

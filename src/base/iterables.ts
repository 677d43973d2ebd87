// Small helpers for AsyncIterables; leaving a loop early releases what the source holds.

export type AnyIterable<T> = Iterable<T> | AsyncIterable<T>

export async function collect<T>(source: AnyIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

export async function* mapAsync<T, U>(source: AnyIterable<T>, map: (item: T) => U): AsyncGenerator<U> {
  for await (const item of source) yield map(item)
}

/** Groups items into arrays of `size` (the last one may be shorter). */
export async function* batches<T>(source: AnyIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = []
  for await (const item of source) {
    batch.push(item)
    if (batch.length >= size) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

/** Bytes in parts, whichever way they are given. */
export function bytesInParts(source: Uint8Array | AnyIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  if (source instanceof Uint8Array) return eachOf([source])
  return Symbol.asyncIterator in source ? source : eachOf(source)
}

/** Makes an asynchronous source of items that are there already. */
export async function* eachOf<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items
}

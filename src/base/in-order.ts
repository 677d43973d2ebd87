// What is waited for, a bounded number at a time: results come in order, and so do failures.

/** What `work` makes of each item, while that of the next ones is under way. Leaving the loop waits for what was begun. */
export async function* inOrder<T, U>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<U>,
): AsyncGenerator<U> {
  const begun: Promise<U>[] = []
  try {
    for (const item of items) {
      const result = work(item)
      // Awaited in turn; a failure before its turn comes must not count as unhandled.
      result.catch(() => undefined)
      begun.push(result)
      if (begun.length >= atOnce) yield await begun.shift()!
    }
    while (begun.length > 0) yield await begun.shift()!
  } finally {
    await Promise.allSettled(begun)
  }
}

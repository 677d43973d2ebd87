// Gives up on an answer that does not come, instead of waiting until the system notices that the connection is dead.

class NoAnswer extends Error {}

export function isTimeout(error: unknown): boolean {
  return error instanceof NoAnswer
}

/** The result of `work`; throws when it takes longer than `ms` milliseconds. The work itself is not stopped. */
export async function withTimeout<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new NoAnswer(`no answer in ${ms / 1000} seconds`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

// Assertions state what must hold whatever the input; one that fails is a bug of ours, never a fault of the user.

export class AssertionError extends Error {
  override readonly name: string = 'AssertionError'
}

export function assert(condition: unknown, claim: string): asserts condition {
  if (!condition) throw new AssertionError(`broken invariant: ${claim}`)
}

/** Closes a switch over a union: the compiler proves that nothing is left. */
export function unreachable(value: never): never {
  throw new AssertionError(`broken invariant: unexpected ${String(value)}`)
}

// Assertions state what must hold whatever the input; one that fails is a bug of ours, never a fault of the user.

class AssertionError extends Error {
  override readonly name: string = 'AssertionError'
}

export function assert(condition: unknown, claim: string): asserts condition {
  if (!condition) throw new AssertionError(`broken invariant: ${claim}`)
}

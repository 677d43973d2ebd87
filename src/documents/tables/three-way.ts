// The rule of every three-way merge: what one side changed is taken, what both changed alike is taken once.

/** undefined: both changed it, and not to the same. */
export function threeWay<T>(base: T, ours: T, theirs: T): T | undefined {
  if (ours === theirs || theirs === base) return ours
  return ours === base ? theirs : undefined
}

/** The same where a clash does not matter: ours then. */
export function threeWayOurs<T>(base: T | null, ours: T, theirs: T): T {
  return base === null ? ours : (threeWay(base, ours, theirs) ?? ours)
}

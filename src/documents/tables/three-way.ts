// The rule of every three-way merge: what one side changed is taken, what both changed alike is taken once.

/** Merges three values; undefined when both sides changed it, each to another value. */
export function threeWay<T>(base: T, ours: T, theirs: T): T | undefined {
  if (ours === theirs || theirs === base) return ours
  return ours === base ? theirs : undefined
}

/** As `threeWay`, for values where a clash does not matter: then ours is taken. */
export function threeWayOurs<T>(base: T | null, ours: T, theirs: T): T {
  return base === null ? ours : (threeWay(base, ours, theirs) ?? ours)
}

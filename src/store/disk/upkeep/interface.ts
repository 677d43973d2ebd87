// Upkeep by itself, as `git gc --auto`: when a store has many small packs, they are put together, and operations beyond
// the last thousand go. It drops no object, so nobody has to look again at what they stand on (gcEpoch stays), and it
// publishes like everybody else: who loses the race has done nothing. What it replaced is deleted in the next round, so
// that readers with an older view find it a while longer; without it they look for the newest.

/** Setting in the manifest: so many small packs may lie about; 0: never. */
export const upkeepKey = 'gc.auto'

export const smallPacksMaxDefault = 50

/** Operations beyond those that are kept, before it is worth a round. */
export const manifestsExtraMax = 250

export interface UpkeepOptions {
  /** Told when a round begins, for people. */
  readonly onStart?: ((message: string) => void) | undefined
}

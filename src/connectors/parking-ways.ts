// Where a value of a unique column is put aside for a moment, so that nobody has it: ways to try one after the other, for
// one may run against a check, or off the end of a type.
export interface ParkingWay {
  /** Where the column may be empty. */
  readonly toNull: boolean
  /** The end of the values that are there, beyond which rows are parked. */
  readonly end: 'max' | 'min'
  readonly sign: '+' | '-'
  /** A short way off lies a value that another row shall have all too often: the next number. */
  readonly isFar: boolean
}

export const parkingWays: readonly ParkingWay[] = [
  { toNull: true, end: 'max', sign: '+', isFar: true },
  { toNull: false, end: 'max', sign: '+', isFar: true },
  { toNull: false, end: 'min', sign: '-', isFar: true },
  { toNull: false, end: 'max', sign: '+', isFar: false },
  { toNull: false, end: 'min', sign: '-', isFar: false },
]

/** How far a far one is at most. */
export const parkingSpanMax = 1_000_000_000

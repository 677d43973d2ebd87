// How a unique column gets a temporary value that no row has (it is "parked"). The methods are tried one after the other,
// since a value may break a CHECK constraint or leave the range of its type.
export interface ParkingMethod {
  /** Where the column may be empty. */
  readonly toNull: boolean
  /** Rows are parked beyond this end of the values that are there. */
  readonly end: 'max' | 'min'
  readonly sign: '+' | '-'
  /** By a random distance, not by 1: the next number is too often the new value of another row. */
  readonly isFar: boolean
}

export const parkingMethods: readonly ParkingMethod[] = [
  { toNull: true, end: 'max', sign: '+', isFar: true },
  { toNull: false, end: 'max', sign: '+', isFar: true },
  { toNull: false, end: 'min', sign: '-', isFar: true },
  { toNull: false, end: 'max', sign: '+', isFar: false },
  { toNull: false, end: 'min', sign: '-', isFar: false },
]

/** The largest such distance. */
export const parkingSpanMax = 1_000_000_000

// The revision that holds nothing, to compare a first commit with: as many zeros as an id has digits.

export const emptyRevision: string = '0'.repeat(64)

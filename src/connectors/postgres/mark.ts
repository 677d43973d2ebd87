// What a round remembers of a table it has read or written, so that a later one need not read it again: which
// transactions had ended by then, and which of the round's own are stored as they were sent.

export interface Mark {
  /** A digest of the server's run, the table's files and its columns. */
  readonly state: string
  /** All transactions below it had ended. */
  readonly xmin: string
  /** Where the server's log ended. */
  readonly lsn: string
  readonly count: string
  /** When all rows were read, by the server's clock. */
  readonly readSeconds: number
  /** Numbers that our writes since then gave to the rows that they made: the first of a run, of 32 bits, and how many. */
  readonly own?: readonly (readonly [first: number, count: number])[]
}

const ownMax = 64

/** Reads a stored mark; null when the text is none. */
export function readMark(text: string | null): Mark | null {
  if (text === null || !text.startsWith('{')) return null
  const mark = JSON.parse(text) as Mark
  const isWhole = /^\d{1,20}$/.test(mark.xmin) && /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/.test(mark.lsn)
  return isWhole && isListOfRuns(mark.own ?? []) ? mark : null
}

/** With further numbers of our own; null when they are too many to be kept. */
export function withOwnXids(mark: Mark, xids: readonly number[]): Mark | null {
  const own = (mark.own ?? []).map(([first, count]): [number, number] => [first, count])
  for (const xid of xids.toSorted((a, b) => a - b)) {
    const last = own.at(-1)
    if (last !== undefined && last[0] + last[1] === xid) last[1]++
    else own.push([xid, 1])
  }
  return own.length > ownMax ? null : { ...mark, own }
}

/** Whether a new mark is due, before there are too many numbers. */
export function isNearlyFull({ own = [] }: Mark): boolean {
  return own.length > ownMax / 2
}

function isListOfRuns(own: unknown): boolean {
  const isRun = (run: unknown): boolean =>
    Array.isArray(run) && run.length === 2 && run.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32)
  return Array.isArray(own) && own.length <= ownMax && own.every(isRun)
}

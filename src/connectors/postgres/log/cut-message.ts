// The layout of a message of the log with a row, for one that is too long to be held (../../cut-bytes.ts). What is left
// of it reads as such a message does, but that behind a length of more than a cell may have there is no value.
import { corrupt } from '../../../base/errors.ts'
import { cellBytesMax } from '../../../table/row.ts'
import { type Steps, keep, skip } from '../../cut-bytes.ts'

/** Of a value's text: bytes have two digits each, and two letters before them. */
export const valueTextMax: number = 2 * cellBytesMax + 2

const letterOf = (bytes: Buffer): string => bytes.toString('latin1')

export function* messageSteps(): Steps {
  const kind = letterOf(yield keep(1))
  if (!'IUD'.includes(kind)) throw corrupt("a message of the database's log is too long")
  yield keep(4)
  // Before the new row of an update there may be what is known of the old one.
  const isOld = letterOf(yield keep(1)) !== 'N'
  yield* tupleSteps()
  if (kind !== 'U' || !isOld) return
  yield keep(1)
  yield* tupleSteps()
}

function* tupleSteps(): Steps {
  const count = (yield keep(2)).readUInt16BE()
  for (let i = 0; i < count; i++) {
    if (letterOf(yield keep(1)) !== 't') continue
    const length = (yield keep(4)).readUInt32BE()
    yield length > valueTextMax ? skip(length) : keep(length)
  }
}

// Values that are far too large to be kept are not asked for, only their size: the driver holds whatever it is sent, whole.
import { utf8Text } from '../../base/bytes.ts'
import { cellTooLarge } from '../../table/cell.ts'
import type { Cell } from '../../table/interface.ts'
import { cellBytesMax } from '../../table/row.ts'
import type { MysqlTable } from './discover.ts'
import type { ByteRow } from './session.ts'
import { cellOfBytes, readExpression } from './types.ts'

/** In the column's own character set, of which four bytes may come as one. */
const askedBytesMax = 4 * cellBytesMax

/** What is selected of rows of `t`, and how that becomes their cells. */
export interface RowSelect {
  readonly list: string
  readonly cells: (row: ByteRow) => Cell[]
}

export function rowSelect({ columns, key }: MysqlTable): RowSelect {
  const long = columns.flatMap(({ name, nativeType }, i) =>
    /^(long|json)/.test(nativeType) && !key.includes(name) ? [i] : [],
  )
  const expressions = columns.map((column, i) => {
    const value = readExpression(column)
    return long.includes(i) ? `IF(OCTET_LENGTH(${value}) > ${askedBytesMax}, NULL, ${value})` : value
  })
  const sizes = long.map((i) => {
    const size = `OCTET_LENGTH(${readExpression(columns[i]!)})`
    return `IF(${size} > ${askedBytesMax}, ${size}, NULL)`
  })
  return {
    // Columns have names of ours: the driver refuses some, such as __proto__.
    list: [...expressions, ...sizes].map((one, i) => `${one} AS c${i}`).join(', '),
    cells: (row) => {
      const cells = columns.map(({ family }, i) => cellOfBytes(row[i]!, family))
      for (const [at, i] of long.entries()) {
        const size = row[columns.length + at]!
        if (size !== null) cells[i] = cellTooLarge(Number(utf8Text(size)))
      }
      return cells
    },
  }
}

// A table of texts for the terminal: columns as wide as their widest cell, the last one free.
import { displayWidth, padded } from '../visible.ts'

export function alignedRows(rows: readonly (readonly string[])[], gap = '  '): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell))
    })
  }
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : padded(cell, widths[i]!)))
      .join(gap)
      .trimEnd(),
  )
}

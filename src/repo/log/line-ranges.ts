// Sets of ranges of lines, and what becomes of them from one version of a text to the one before: as `git log -L` has it
// (line-log.c), a change that touches a range takes all of its old lines into it.
import type { LineHunk as Change } from '../../documents/line-diff.ts'

/** Lines [start, end), from 0. */
export interface LineRange {
  readonly start: number
  readonly end: number
}

/** Changes that touch the ranges, and the ranges in the older version. */
export interface MappedRanges {
  readonly touched: readonly Change[]
  readonly before: readonly LineRange[]
}

export function mapRanges(ranges: readonly LineRange[], changes: readonly Change[]): MappedRanges {
  const touched = changes.filter(({ bStart, bEnd }) =>
    ranges.some(({ start, end }) => bEnd > start && end > bStart),
  )
  const kept = shifted(
    without(
      ranges,
      touched.map(({ bStart, bEnd }) => ({ start: bStart, end: bEnd })),
    ),
    changes,
  )
  const old = touched.map(({ aStart, aEnd }) => ({ start: aStart, end: aEnd }))
  return { touched, before: unionOf([...kept, ...old]) }
}

/** In order; what overlaps or adjoins is one, what is empty none. */
export function unionOf(ranges: readonly LineRange[]): LineRange[] {
  const union: LineRange[] = []
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const last = union.at(-1)
    if (start === end) continue
    if (last === undefined || last.end < start) union.push({ start, end })
    else if (last.end < end) union[union.length - 1] = { start: last.start, end }
  }
  return union
}

/** `others` are in order. */
function without(ranges: readonly LineRange[], others: readonly LineRange[]): LineRange[] {
  return ranges.flatMap(({ start, end }) => {
    const left: LineRange[] = []
    let at = start
    for (const other of others) {
      if (other.end <= at || other.start >= end) continue
      if (other.start > at) left.push({ start: at, end: other.start })
      at = other.end
    }
    if (at < end) left.push({ start: at, end })
    return left
  })
}

/** Where ranges that no change reaches into stand in the older version. */
function shifted(ranges: readonly LineRange[], changes: readonly Change[]): LineRange[] {
  return ranges.map(({ start, end }) => {
    let shift = 0
    for (const { aStart, aEnd, bStart, bEnd } of changes)
      if (start >= bStart) shift += aEnd - aStart - (bEnd - bStart)
    return { start: start + shift, end: end + shift }
  })
}

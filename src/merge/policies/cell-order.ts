// Which of two cells is the greater, told by what both are: numbers exactly, dates and times as moments, truth values,
// and else text by its UTF-8 bytes. Two cells that are not the same kind of thing have no order, and neither have two
// times of which one alone names its zone: whoever asks then leaves the choice to people.
import { compareBytes } from '../../base/bytes.ts'
import { cellText } from '../../table/cell.ts'
import type { Cell } from '../../table/interface.ts'
import { compareDecimals, parseDecimal } from './decimal.ts'

/** Compares two cells; null when they cannot be compared. */
export function compareCells(a: Cell, b: Cell): number | null {
  if (isTruth(a) && isTruth(b)) return Number(a.kind === 'true') - Number(b.kind === 'true')
  if (a.kind !== b.kind || (a.kind !== 'text' && a.kind !== 'number')) return null
  const [left, right] = [cellText(a), cellText(b)]
  const [number, otherNumber] = [parseDecimal(left), parseDecimal(right)]
  if (number !== null && otherNumber !== null) return compareDecimals(number, otherNumber)
  const [moment, otherMoment] = [parseMoment(left), parseMoment(right)]
  if (moment !== null && otherMoment !== null) return compareMoments(moment, otherMoment)
  const isText = number === null && otherNumber === null && moment === null && otherMoment === null
  return isText ? compareBytes(a.bytes, b.bytes) : null
}

function isTruth({ kind }: Cell): boolean {
  return kind === 'true' || kind === 'false'
}

interface Moment {
  readonly seconds: number
  /** Digits behind the second. */
  readonly fraction: string
  readonly hasZone: boolean
}

const pattern = /^(\d{4}-\d\d-\d\d)(?:[T ]([0-2]\d:[0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d)?)?$/

/** Reads a time; a date counts as its first second. */
function parseMoment(text: string): Moment | null {
  const [, date, clock = '00:00', second = '00', fraction = '', zone] = pattern.exec(text) ?? []
  if (date === undefined) return null
  const local = Date.parse(`${date}T${clock}:${second}Z`)
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(date)) return null
  const seconds = local / 1000 - zoneSeconds(zone)
  return { seconds, fraction, hasZone: zone !== undefined }
}

function zoneSeconds(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0
  const seconds = 3600 * Number(zone.slice(1, 3)) + 60 * Number(zone.slice(-2))
  return zone.startsWith('-') ? -seconds : seconds
}

function compareMoments(a: Moment, b: Moment): number | null {
  if (a.hasZone !== b.hasZone) return null
  if (a.seconds !== b.seconds) return a.seconds - b.seconds
  const length = Math.max(a.fraction.length, b.fraction.length)
  const [x, y] = [a.fraction.padEnd(length, '0'), b.fraction.padEnd(length, '0')]
  return x < y ? -1 : x > y ? 1 : 0
}

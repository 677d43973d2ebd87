// What a table's rows were made of where a transform that cannot be undone has made them (masks, a filter, casts): such rows
// must not go back to the endpoint's table that they came from. It is kept in the table object itself, and so goes wherever
// the table goes: into clones and bundles, to another path, into another branch, into tables that are derived from it.
import { compareBytes, utf8 } from '../base/bytes.ts'
import { corrupt } from '../base/errors.ts'
import type { OneWaySource, TableObject } from './interface.ts'

const none: readonly OneWaySource[] = []

export function oneWayOf({ oneWay = none }: TableObject): readonly OneWaySource[] {
  return oneWay
}

export function withOneWay(table: TableObject, oneWay: readonly OneWaySource[]): TableObject {
  const { oneWay: _, ...plain } = table
  return oneWay.length === 0 ? plain : { ...plain, oneWay }
}

/** Each once, in order. */
export function allSources(...lists: readonly (readonly OneWaySource[])[]): readonly OneWaySource[] {
  const all = new Map(lists.flat().map((source) => [textOf(source), source]))
  return [...all].sort(([a], [b]) => compareTexts(a, b)).map(([, source]) => source)
}

export function isSameSource(a: OneWaySource, b: OneWaySource): boolean {
  return textOf(a) === textOf(b)
}

export function isSameOneWay(a: readonly OneWaySource[], b: readonly OneWaySource[]): boolean {
  return a.length === b.length && a.every((source, i) => isSameSource(source, b[i]!))
}

/** As stored. */
export function oneWayRecord(oneWay: readonly OneWaySource[]): string[][] {
  return allSources(oneWay).map(({ endpoint, table, link }) => [endpoint, table, link])
}

/** @throws VarveError VARVE_CORRUPT where a value from outside is no such list */
export function checkOneWay(value: unknown): readonly OneWaySource[] {
  if (!Array.isArray(value) || value.length === 0) throw corrupt('table has a list of sources that is none')
  const sources = value.map(checkSource)
  const isInOrder = sources.every(
    (source, i) => i === 0 || compareTexts(textOf(sources[i - 1]!), textOf(source)) < 0,
  )
  if (!isInOrder) throw corrupt('table has sources that are not in order')
  return sources
}

function checkSource(value: unknown): OneWaySource {
  const isTexts =
    Array.isArray(value) && value.length === 3 && value.every((text) => typeof text === 'string')
  const [endpoint = '', table = '', link = ''] = isTexts ? (value as string[]) : []
  if (!/^[0-9a-f]{64}$/.test(endpoint)) throw corrupt('table has a source that is none')
  return { endpoint, table, link }
}

function textOf({ endpoint, table, link }: OneWaySource): string {
  return `${endpoint}\0${table}\0${link}`
}

function compareTexts(a: string, b: string): number {
  return compareBytes(utf8(a), utf8(b))
}

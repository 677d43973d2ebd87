// Whether an index says what is so: every entry of its segments must be a whole record of a pack.
import fs from 'node:fs'
import path from 'node:path'
import { fromHex } from '../../../base/bytes.ts'
import { isVarveError } from '../../../base/errors.ts'
import { Segment } from '../../segment.ts'
import { isMissing, readWhole } from '../files.ts'
import { packPath, segmentPath } from '../layout.ts'
import type { LoggedEntry } from '../log.ts'
import { type Salvage, placeKey } from './salvage.ts'

const segmentBytesMax = 2 ** 31 - 1

/** What is wrong with the index of a manifest; null when it is right. */
export function indexFault(dir: string, entry: LoggedEntry, salvage: Salvage): string | null {
  for (const { name, objects } of entry.segments) {
    const segment = readSegment(dir, name)
    if (typeof segment === 'string') return `'${segmentPath(name)}': ${segment}`
    if (segment.count !== objects) return `'${segmentPath(name)}' has another number of objects`
    for (let i = 0; i < segment.count; i++) {
      const place = segment.at(i)
      const key = placeKey({ ...place, digest: fromHex(segment.prefixHex(i)) })
      if (!salvage.places.has(key)) return `an object is not whole in '${packPath(place.pack.name)}'`
    }
  }
  return null
}

/** The packs that the readable part of an index names. */
export function livePacks(dir: string, entry: LoggedEntry): Set<string> {
  const segments = entry.segments.map(({ name }) => readSegment(dir, name))
  const packs = segments.flatMap((segment) => (typeof segment === 'string' ? [] : segment.packs))
  return new Set(packs.map(({ name }) => packPath(name)))
}

/** The segment files whose bytes do not match their names, and what is wrong with each. */
export function damagedSegments(dir: string): Map<string, string> {
  const damaged = new Map<string, string>()
  for (const file of fs.readdirSync(path.join(dir, 'idx'))) {
    if (!file.endsWith('.idx')) continue
    const segment = readSegment(dir, path.basename(file, '.idx'))
    if (typeof segment === 'string') damaged.set(`idx/${file}`, segment)
  }
  return damaged
}

/** The segment; a text instead says why it cannot be read. */
export function readSegment(dir: string, name: string): Segment | string {
  try {
    return new Segment(readWhole(path.join(dir, segmentPath(name)), segmentBytesMax), name)
  } catch (error) {
    if (isMissing(error)) return 'the file is missing'
    if (isVarveError(error, 'VARVE_CORRUPT')) return error.message
    throw error
  }
}

// What the round before replaced: its old packs, which the index of the manifest just before it names, and segments that
// are older than it. A pack that no manifest ever named may be somebody's who is still writing it, and is left to gc. A
// segment can be deleted as soon as it is not live: one that is yet to be published was written for a number that this
// round's manifest takes or that is taken already, so it never will be.
import fs from 'node:fs'
import path from 'node:path'
import { filesOf } from '../gc-files.ts'
import { isMissing, readWhole } from '../files.ts'
import type { DiskHome } from '../home.ts'
import type { IndexView } from '../index-view.ts'
import { manifestName, packPath, segmentPath } from '../layout.ts'
import { Segment } from '../../segment.ts'
import type { LoggedEntry } from '../log.ts'

/** As far as the round before is looked for. */
const lookBackMax = 4000

/** Names relative to the store, packs first: where they are found is in the segments. To be asked before a round publishes. */
export function retiredBefore(home: DiskHome, view: IndexView): string[] {
  const last = lastRound(home, view.entry)
  const before = last === null ? null : home.log.read(last.manifest.sequence - 1)
  if (last === null || before === null) return []
  const live = filesOf(view.entry, view.segments())
  return [...replacedPacks(home, before, last), ...olderSegments(home, last)].filter(
    (name) => !live.has(name),
  )
}

function lastRound(home: DiskHome, newest: LoggedEntry): LoggedEntry | null {
  const { sequence } = newest.manifest
  const end = Math.max(newest.oldest, sequence - lookBackMax)
  for (let at = sequence; at >= end; at--) {
    const entry = home.log.read(at)
    if (entry === null) return null
    const { name, message } = entry.manifest.operation
    if (name === 'gc' && message === 'auto') return entry
  }
  return null
}

function replacedPacks(home: DiskHome, before: LoggedEntry, after: LoggedEntry): string[] {
  const kept = new Set(after.segments.map(({ name }) => name))
  const known = new Set(before.segments.map(({ name }) => name))
  const olds = before.segments.filter(({ name }) => !kept.has(name)).map(({ name }) => packsOf(home, name))
  const news = after.segments.filter(({ name }) => !known.has(name)).map(({ name }) => packsOf(home, name))
  // Without both there is no telling which packs went: gc finds them.
  if ([...olds, ...news].includes(null)) return []
  const still = new Set(news.flat())
  return olds.flatMap((names) => names!).filter((name) => !still.has(name))
}

function packsOf(home: DiskHome, segment: string): string[] | null {
  try {
    const bytes = readWhole(path.join(home.dir, segmentPath(segment)), 2 ** 31 - 1)
    return new Segment(bytes, segment).packs.map(({ name }) => packPath(name))
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Age only keeps them for readers with an older view: any that is not live could go. */
function olderSegments(home: DiskHome, { manifest, segments }: LoggedEntry): string[] {
  const { mtimeMs } = fs.statSync(path.join(home.dir, manifestName(manifest.sequence)))
  const own = new Set(segments.map(({ name }) => segmentPath(name)))
  const names = fs.readdirSync(path.join(home.dir, 'idx')).map((name) => `idx/${name}`)
  return names.filter((name) => {
    if (own.has(name)) return false
    const stat = fs.statSync(path.join(home.dir, name), { throwIfNoEntry: false })
    return stat !== undefined && stat.mtimeMs < mtimeMs
  })
}

// Where a link reads on in its endpoint's log, stored in the repository's configuration: it is updated together with
// the refs of what was read, in one compare-and-set. Stored too: the name under which the endpoint keeps its log, so
// that a log that was begun and never recorded is found and dropped; and, in an object beside it, since there may be
// hundreds, the tables for which the log is not read, because their columns wait for an approval or because they have
// rows that cannot be kept.
import { randomHex } from '../../base/platform.ts'
import type { LogMark } from '../../connectors/change-log.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Manifest, ObjectReader, ObjectSink } from '../../store/interface.ts'
import { linkObject } from '../state.ts'
import { readJson, writeJson } from '../stored-json.ts'

export interface BrokenTable {
  readonly table: string
  /** Which row, and why. */
  readonly message: string
  /** Whether the log had changes of the table since it was last read. */
  readonly hasNews: boolean
}

interface LogPlace {
  /** A name for this link in this repository alone. */
  readonly name: string
  /** null: it is about to begin. */
  readonly at: LogMark | null
  /** When it was kept, in ms since 1970. */
  readonly keptMs: number
  /** When all tables were last read and compared. */
  readonly comparedMs: number
}

interface WaitingTables {
  /** Tables whose rows stay as they were when their columns changed. */
  readonly waiting: readonly string[]
  /** Those of the waiting tables that have rows which cannot be kept; absent when there are none. */
  readonly broken?: readonly BrokenTable[]
  /** Of an endpoint that only tells: how each table was declared when it was read last, as a hash. */
  readonly declared?: Readonly<Record<string, string>>
}

export interface LinkMark extends LogPlace, WaitingTables {}

export function markKey(link: string): string {
  return `link.${link}.log`
}

/** The stored place; null when it is missing or cannot be read. */
export function readMark(manifest: Manifest, link: string): LogPlace | null {
  try {
    const mark = JSON.parse(manifest.config.get(markKey(link)) ?? 'null') as LogPlace | null
    if (typeof mark?.name !== 'string') return null
    // What waits once stood in it: such a log is begun anew, so that none of these tables is taken for one that is read.
    return 'waiting' in mark ? { ...mark, at: null } : mark
  } catch {
    return null
  }
}

/** With the tables that wait. */
export async function loadMark(
  reader: ObjectReader,
  manifest: Manifest,
  link: string,
): Promise<LinkMark | null> {
  const place = readMark(manifest, link)
  return place && { ...place, ...(await waitingOf(reader, manifest, link)) }
}

export async function waitingOf(
  reader: ObjectReader,
  { refs }: Manifest,
  link: string,
): Promise<WaitingTables> {
  const object = refs.get(linkObject(link, 'waiting'))
  return object === undefined ? { waiting: [] } : ((await readJson(reader, object)) as WaitingTables)
}

/** How a mark is stored; null: none is. */
export function storedMark(
  writer: ObjectSink,
  link: string,
  mark: LinkMark | null,
): { readonly setting: readonly [string, string | null]; readonly ref: readonly [string, Cid | null] } {
  const { waiting = [], broken = [], declared, ...place } = mark ?? {}
  const isEmpty = waiting.length + broken.length === 0 && declared === undefined
  const object = isEmpty ? null : writeJson(writer, JSON.stringify({ waiting, broken, declared }))
  return {
    setting: [markKey(link), mark && JSON.stringify(place)],
    ref: [linkObject(link, 'waiting'), object],
  }
}

export function newName(link: string): string {
  return `${link.slice(0, 40)}_${randomHex(4)}`
}

// What policies decided in a merge, as the merge commit keeps it under `extra.policies`: {v, count, counts, decisions,
// all}. Few decisions stand there in full; of many only the counts do, by path, column and policy, and `all` links a
// map of them all: number (four bytes, big-endian) -> dag-cbor [path, key, column, policy, [base, ours, theirs,
// result]], where a text above 1 KiB is the next of the entry's links instead.
import { CID } from 'multiformats/cid'
import { utf8, utf8Text } from '../../base/bytes.ts'
import { corrupt, throwIfAborted } from '../../base/errors.ts'
import { decodeCbor, encodeCbor } from '../../encoding/cbor.ts'
import { type Cid, cidFromLink, cidToLink } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import type { Entry } from '../../prolly/interface.ts'
import { MapBuilder } from '../../prolly/map-builder.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { ObjectWriter, ReadOptions } from '../../store/interface.ts'
import { fetchContents } from '../../table/slot.ts'
import { conflictKey } from '../conflicts/conflict-record.ts'

/** One cell or row that a policy decided. Texts are as they would stand in the file, without quoting; null: empty. */
export interface PolicyDecision {
  readonly path: Path
  /** The row's key cells, as texts. */
  readonly key: readonly string[]
  /** null: the whole row; its sides are then JSON objects by column, null where there is no row. */
  readonly column: string | null
  /** As in varve.yaml: 'max', 'newest(updated)'; 'rows: ours' for rows. */
  readonly policy: string
  readonly base: string | null
  readonly ours: string | null
  readonly theirs: string | null
  readonly result: string | null
}

export interface PolicyCount {
  readonly path: Path
  /** null: rows, or, where columns are too many to list, all of the table's. */
  readonly column: string | null
  readonly policy: string
  readonly count: number
}

export interface PolicyReport {
  readonly count: number
  readonly counts: readonly PolicyCount[]
  /** All of them, or none where they are too many to stand here. */
  readonly decisions: readonly PolicyDecision[]
  /** The map of all where `decisions` has none. */
  readonly all: Cid | null
}

export const noDecisions: PolicyReport = { count: 0, counts: [], decisions: [], all: null }

const listedMax = 100
const listedCharactersMax = 16_384
const countsMax = 1000
const inlineBytesMax = 1024
const sideNames = ['base', 'ours', 'theirs', 'result'] as const

export async function reportDecisions(
  nodes: NodeStore,
  writer: ObjectWriter,
  decisions: readonly PolicyDecision[],
  options: ReadOptions = {},
): Promise<PolicyReport> {
  if (decisions.length === 0) return noDecisions
  const counts = countsOf(decisions)
  if (decisions.length <= listedMax && charactersOf(decisions) <= listedCharactersMax)
    return { count: decisions.length, counts, decisions, all: null }
  const builder = new MapBuilder(writer)
  for (const decision of decisions) {
    throwIfAborted(options.signal)
    const { value, links } = encodeDecision(writer, decision)
    builder.addEntry(conflictKey(builder.count + 1), value, links)
    if (builder.count % 1000 === 0) await writer.drained()
  }
  return { count: decisions.length, counts, decisions: [], all: builder.finish(nodes).cid }
}

/**
 * One report of several merges in a row. Where one of them keeps its decisions in a map, only their counts are
 * told.
 */
export function joinedReports(reports: readonly PolicyReport[]): PolicyReport {
  const told = reports.filter(({ count }) => count > 0)
  if (told.length <= 1) return told[0] ?? noDecisions
  const counts = new Map<string, PolicyCount>()
  for (const one of told.flatMap((report) => report.counts)) {
    const id = JSON.stringify([one.path, one.column, one.policy])
    counts.set(id, { ...one, count: (counts.get(id)?.count ?? 0) + one.count })
  }
  const decisions = told.flatMap((report) => report.decisions)
  const count = told.reduce((sum, report) => sum + report.count, 0)
  return {
    count,
    counts: [...counts.values()],
    decisions: decisions.length === count ? decisions : [],
    all: null,
  }
}

function countsOf(decisions: readonly PolicyDecision[]): PolicyCount[] {
  const byColumn = counted(decisions, (one) => one.column)
  return byColumn.length <= countsMax ? byColumn : counted(decisions, () => null).slice(0, countsMax)
}

function counted(
  decisions: readonly PolicyDecision[],
  columnOf: (one: PolicyDecision) => string | null,
): PolicyCount[] {
  const counts = new Map<string, PolicyCount>()
  for (const one of decisions) {
    const column = columnOf(one)
    const id = JSON.stringify([one.path, column, one.policy])
    const count = (counts.get(id)?.count ?? 0) + 1
    counts.set(id, { path: one.path, column, policy: one.policy, count })
  }
  return [...counts.values()]
}

function charactersOf(decisions: readonly PolicyDecision[]): number {
  let characters = 0
  for (const { path, key, column, ...one } of decisions) {
    characters += path.length + (column?.length ?? 0)
    for (const text of [...key, ...sideNames.map((side) => one[side])]) characters += text?.length ?? 0
  }
  return characters
}

function encodeDecision(writer: ObjectWriter, one: PolicyDecision): { value: Uint8Array; links: Cid[] } {
  const links: Cid[] = []
  const sides = sideNames.map((name) => {
    const text = one[name]
    const bytes = text === null ? null : utf8(text)
    if (bytes === null || bytes.length <= inlineBytesMax) return text
    links.push(writer.put('raw', bytes))
    return true
  })
  return { value: encodeCbor([one.path, one.key, one.column, one.policy, sides]), links }
}

/**
 * The decisions of a report, or of what a commit keeps as `extra.policies`, in the order of path, key and column.
 */
export async function* readDecisions(
  nodes: NodeStore,
  report: PolicyReport,
  options: ReadOptions = {},
): AsyncGenerator<PolicyDecision[]> {
  if (report.decisions.length > 0) yield [...report.decisions]
  if (report.all === null) return
  const map = await ProllyMap.load(nodes, report.all, options)
  for await (const batch of map.scan(options)) {
    const entries = Array.from({ length: batch.count }, (_, i) => entryAt(batch, i))
    const contents = await fetchContents(
      nodes.reader,
      entries.flatMap(({ links }) => links),
      options,
    )
    yield entries.map((entry) => decodeDecision(entry, contents))
  }
}

function decodeDecision(entry: Entry, contents: ReadonlyMap<Cid, Uint8Array>): PolicyDecision {
  const value = decodeCbor(entry.value, 'policy decision')
  const [path, key, column, policy, sides] = Array.isArray(value) ? (value as unknown[]) : []
  if (!Array.isArray(sides) || sides.length !== sideNames.length) throw malformed()
  let next = 0
  const texts = (sides as unknown[]).map((side) => {
    if (side !== true) return side
    const link = entry.links[next++]
    const bytes = link === undefined ? undefined : contents.get(link)
    if (bytes === undefined) throw malformed()
    return utf8Text(bytes)
  })
  return checkDecision({ path, key, column, policy, ...named(texts) })
}

function named(texts: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(sideNames.map((name, i) => [name, texts[i]]))
}

/** What a commit, or the state of a merge, stores of the decisions as its `extra`. */
export function policyExtra({ count, counts, decisions, all }: PolicyReport): Record<string, unknown> {
  if (count === 0) return {}
  return { policies: { v: 1, count, counts, decisions, all: all === null ? null : cidToLink(all) } }
}

/** The report in a commit's `extra.policies`; none where it has none. @throws VarveError VARVE_CORRUPT */
export function reportOf(record: unknown): PolicyReport {
  if (record === undefined || record === null) return noDecisions
  const { v, count, counts, decisions, all } = record as Record<string, unknown>
  if (v !== 1 || !Number.isSafeInteger(count) || !Array.isArray(counts) || !Array.isArray(decisions))
    throw malformed()
  const link = all === null ? null : CID.asCID(all)
  if (all !== null && link === null) throw malformed()
  return {
    count: count as number,
    counts: counts.map(checkCount),
    decisions: decisions.map(checkDecision),
    all: link === null ? null : cidFromLink(link),
  }
}

function checkCount(value: unknown): PolicyCount {
  const { path, column, policy, count } = (value ?? {}) as Record<string, unknown>
  if (typeof path !== 'string' || !isText(column) || typeof policy !== 'string') throw malformed()
  if (!Number.isSafeInteger(count)) throw malformed()
  return { path, column, policy, count: count as number }
}

function checkDecision(value: unknown): PolicyDecision {
  const { path, key, column, policy, ...sides } = (value ?? {}) as Record<string, unknown>
  const [base, ours, theirs, result] = sideNames.map((name) => sides[name])
  if (typeof path !== 'string' || !isText(column) || typeof policy !== 'string') throw malformed()
  if (!Array.isArray(key) || !key.every((part) => typeof part === 'string')) throw malformed()
  if (!isText(base) || !isText(ours) || !isText(theirs) || !isText(result)) throw malformed()
  return { path, key, column, policy, base, ours, theirs, result }
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

function malformed(): Error {
  return corrupt('the record of policy decisions is malformed')
}

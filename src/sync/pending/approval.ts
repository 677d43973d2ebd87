// A pending commit that somebody approved, for the guards of the next round.
import { VarveError } from '../../base/errors.ts'
import { type Cid, digestHex } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import type { Io, Repo } from '../../repo/interface.ts'
import type { Manifest, ObjectReader } from '../../store/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { loadTable } from '../../table/table-object.ts'
import { linkObject, linkRef } from '../state.ts'
import type { PendingSync, Stop } from './interface.ts'
import type { NamedTable } from './stops.ts'

const field = 'pending'

/** What a pending commit keeps beside its tree. */
export interface PendingFacts {
  readonly stops: readonly Stop[]
  /** The endpoint's identity, where it is another database. */
  readonly identity: string | null
  /** Where the endpoint was restored: the earlier base that it names (hex), or the position that it is behind. */
  readonly restored: string | null
}

export function pendingExtra(facts: PendingFacts): Record<string, unknown> {
  return { [field]: facts }
}

export function pendingFacts({ extra }: Pick<Commit, 'extra'>): PendingFacts {
  return extra[field] as PendingFacts
}

/** The tables of which each has gone back to an earlier state by itself. */
export function earlierTables({ stops, restored }: PendingFacts): Path[] {
  return restored === null ? stops.flatMap(({ guard, path }) => (guard === 'restored' ? [path] : [])) : []
}

export class Approval {
  readonly #commit: Commit
  readonly #facts: PendingFacts

  private constructor(commit: Commit) {
    this.#commit = commit
    this.#facts = pendingFacts(commit)
  }

  /** `commit` (hex) must be the one that is pending now. @throws VarveError VARVE_NOT_POSSIBLE */
  static async load(repo: Repo, link: string, commit: string | undefined): Promise<Approval | null> {
    if (commit === undefined) return null
    const pending = await pendingCommit(repo, link)
    if (pending !== null && digestHex(pending.cid) === commit) return new Approval(pending)
    throw new VarveError('VARVE_NOT_POSSIBLE', `what '${link}' waits for is not '${commit}' any more`, {
      data: { link, commit, pending: pending === null ? null : digestHex(pending.cid) },
      hint: `look at it again: 'varve sync pending ${link}'`,
    })
  }

  /** What somebody has approved for whoever runs the next round, if it is what is pending now. */
  static async left(reader: ObjectReader, { refs }: Manifest, link: string): Promise<Approval | null> {
    const cid = refs.get(linkObject(link, 'approved'))
    const isPending = cid !== undefined && cid === refs.get(linkRef(link, 'pending'))
    return isPending ? new Approval(await readCommit(reader, cid)) : null
  }

  get identity(): string | null {
    return this.#facts.identity
  }

  get restored(): string | null {
    return this.#facts.restored
  }

  /** What the table was allowed to become; null when its rows were not at issue, or the table was allowed to go. */
  async table(io: Io, { path }: NamedTable, side: Stop['side']): Promise<TableObject | null> {
    const entry = this.#isAtIssue(path, side) ? await this.#entry(io, path) : null
    return entry?.kind === 'table' ? loadTable(io.nodes.reader, entry.table) : null
  }

  /** The table in the shape that was approved; null when its shape was not at issue, or that of a table in another schema. */
  async shape(io: Io, named: NamedTable, movedTo: string | null): Promise<TableObject | null> {
    return isShapeStop(this.#facts.stops, named, movedTo) ? this.table(io, named, 'endpoint') : null
  }

  /** Whether the table was let go back to an earlier state. */
  letsBack({ path }: NamedTable): boolean {
    return earlierTables(this.#facts).includes(path)
  }

  /** Whether the table was let go as a whole. */
  async isGone(io: Io, { path }: NamedTable, side: Stop['side']): Promise<boolean> {
    return this.#isAtIssue(path, side) && (await this.#entry(io, path)) === null
  }

  #isAtIssue(path: Path, side: Stop['side']): boolean {
    return this.#facts.stops.some((stop) => stop.path === path && stop.side === side)
  }

  async #entry(io: Io, path: Path): Promise<TreeEntry | null> {
    return (await Tree.load(io.nodes, this.#commit.tree)).get(path)
  }
}

/** Whether the shape of exactly this table is at issue. */
export function isShapeStop(stops: readonly Stop[], { path }: NamedTable, movedTo: string | null): boolean {
  return stops.some(
    (stop) => stop.guard === 'schema' && stop.path === path && (stop.namespace ?? null) === movedTo,
  )
}

export async function pendingCommit(repo: Repo, link: string): Promise<Commit | null> {
  const cid: Cid | undefined = (await repo.store.manifest()).refs.get(linkRef(link, 'pending'))
  return cid === undefined ? null : readCommit(repo.store, cid)
}

/** What waits; `pending` is the link's ref. */
export async function pendingStops(reader: ObjectReader, pending: Cid | null): Promise<readonly Stop[]> {
  return pending === null ? [] : pendingFacts(await readCommit(reader, pending)).stops
}

export async function pendingSync(repo: Repo, link: string): Promise<PendingSync | null> {
  const commit = await pendingCommit(repo, link)
  if (commit === null) return null
  const { stops } = pendingFacts(commit)
  return { link, commit: digestHex(commit.cid), sinceMs: commit.committer.timeMs, stops }
}

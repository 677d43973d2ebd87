// What a round begins with: what the repository knows of the link, and the tables that the endpoint has, before anything
// is read.
import type { Cid } from '../encoding/cid.ts'
import { Tree } from '../files/tree.ts'
import { requireAuthor } from '../repo/context.ts'
import { readBranch } from '../repo/head.ts'
import type { Io } from '../repo/interface.ts'
import type { Manifest } from '../store/interface.ts'
import { commitTree } from './branch-change.ts'
import { TableDigests } from './capture/digests.ts'
import { findTables } from './capture/find-tables.ts'
import { Namespaces } from './capture/namespaces.ts'
import { ShapeGuard } from './capture/shape-guard.ts'
import { UnfitTables } from './capture/unfit-tables.ts'
import { HeldRows } from './held/held-rows.ts'
import type { Link } from './interface.ts'
import { type KeyNames, readKeyNames } from './keys/key-names.ts'
import { LinkRefs } from './link-refs.ts'
import { type LinkMark, loadMark } from './log/mark.ts'
import { branchOf } from './merge/merge-branch.ts'
import { Approval, pendingStops } from './pending/approval.ts'
import { Stops } from './pending/stops.ts'
import type { Round } from './round.ts'
import { type LinkState, linkObject, readLinkState, recordPlace } from './state.ts'
import { LeftTables } from './tables/left-tables.ts'
import type { LinkedTable } from './tables/link-tables.ts'
import { refuseNoted } from './transform/one-way-notes.ts'
import { refuseWritingBack } from './transform/one-way.ts'
import { WritePosition } from './write-position.ts'

export interface Begun {
  readonly startedMs: number
  readonly manifest: Manifest
  readonly state: LinkState
  readonly refs: LinkRefs
  /** Where the endpoint's log was read up to; null where no log is read. */
  readonly mark: LinkMark | null
  readonly held: HeldRows
  readonly stops: Stops
  readonly shapes: ShapeGuard
  readonly identity: string
  readonly position: WritePosition
  /** The endpoint as it was last read. */
  readonly before: Tree
  readonly left: LeftTables
  readonly tables: readonly LinkedTable[]
  readonly digests: TableDigests
  /** The names that rows of the endpoint have here, as they were found last. */
  readonly names: KeyNames
  readonly unfit: UnfitTables
  /** null where the branch is never written to the endpoint, or has no commit. */
  readonly branch: Tree | null
  readonly namespaces: Namespaces
  /** Where the endpoint keeps the link's record; null: where its name leads. */
  readonly place: string | null
}

export async function beginRound(round: Round, io: Io): Promise<Begun> {
  const { repo, connector, link, options } = round
  const [startedMs, held] = [Date.now(), new HeldRows()]
  const manifest = await repo.store.manifest()
  const state = readLinkState(manifest, link.name)
  const refs = new LinkRefs(link.name, state)
  const mark = await loadMark(io.nodes.reader, manifest, link.name)
  // A first round reads all, and then commits it.
  if (state.live === null && bringsIn(link) && options.dryRun !== true) requireAuthor(repo, manifest)
  const approved =
    (await Approval.load(repo, link.name, options.approve)) ??
    (await Approval.left(io.nodes.reader, manifest, link.name))
  const waiting = await pendingStops(io.nodes.reader, state.pending)
  const stops = new Stops(held, options, approved, waiting)
  const identity = await connector.identity()
  const isSame = state.identity === identity
  // What was noted of another database's tables says nothing of these.
  const noted = (kind: 'namespaces' | 'digests' | 'keys'): Cid | undefined =>
    isSame ? manifest.refs.get(linkObject(link.name, kind)) : undefined
  const namespaces = await Namespaces.load(io.nodes.reader, noted('namespaces'))
  const shapes = new ShapeGuard(stops, { held, approved, pending: state.pending, namespaces, options })
  const position = await WritePosition.read(connector, manifest, { link: link.name, isSame })
  refuseNoted(link, manifest, identity)
  const live = await commitTree(io, state.live)
  const left = await LeftTables.load(io, { link, left: isSame ? state.left : null, live })
  const before = await left.asRead(io, live)
  const branch = link.mode === 'capture' ? null : await branchTree(io, manifest, link)
  await refuseWritingBack(io, { link, identity, branch, base: await commitTree(io, state.base) })
  const digests = await TableDigests.load(io.nodes.reader, noted('digests'))
  const tables = await findTables(io, { link, connector, before, branch, held, digests })
  const names = await readKeyNames(io.nodes.reader, noted('keys'))
  const kept = await UnfitTables.load(io.nodes.reader, manifest, link.name)
  const unfit = isSame ? kept : kept.forgotten()
  return {
    startedMs,
    manifest,
    state,
    refs,
    mark,
    held,
    stops,
    shapes,
    identity,
    position,
    before,
    left,
    tables,
    digests,
    names,
    unfit,
    branch,
    namespaces,
    place: recordPlace(manifest, link.name, identity),
  }
}

/** Whether what the endpoint changed comes into the branch. */
function bringsIn({ mode }: Link): boolean {
  return mode === 'capture' || mode === 'two-way'
}

async function branchTree({ nodes }: Io, manifest: Manifest, link: Link): Promise<Tree | null> {
  const tip = await readBranch(nodes.reader, manifest, branchOf(link, manifest))
  return tip === null ? null : Tree.load(nodes, tip.tree)
}

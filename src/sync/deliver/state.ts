// How far a sink has been sent the branch, as refs of the link: the last delivery that it confirmed (written) and the
// one that is on its way (intent). A delivery is announced before its first message and counts as done after its last,
// both by compare-and-set; so after a kill it is brought to its end, with the same ids, before anything else (checkpoint.ts). Where
// the receiver stores its own position together with the rows, that position counts: it was restored along with them.
import { type Cid, type CommitCid, cidOfDigest } from '../../encoding/cid.ts'
import { fromHex } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import type { Sink } from '../../connectors/sink.ts'
import { operatorOf } from '../../repo/context.ts'
import type { Io, Repo } from '../../repo/interface.ts'
import type { Manifest } from '../../store/interface.ts'
import type { Link } from '../interface.ts'
import { type LinkState, identityKey, linkObject, linkRef, readLinkState } from '../state.ts'

export interface Progress {
  readonly done: CommitCid | null
  readonly toward: CommitCid | null
}

const nothingDelivered: Progress = { done: null, toward: null }

export interface Start extends Progress {
  readonly note: string | null
}

/**
 * Where the round begins; null when a history that is not known here has written to the receiver, and nobody has
 * approved that.
 */
export async function startOf(
  io: Io,
  { sink, state, isLetIn }: { sink: Sink; state: LinkState; isLetIn: boolean },
): Promise<Start | null> {
  const ours: Progress = { done: state.written, toward: state.intent }
  // It is another receiver, and that was said to be right.
  if (state.identity !== null && state.identity !== sink.identity)
    return { ...nothingDelivered, note: everything }
  if (sink.position === undefined) {
    const note = ours.toward === null ? null : 'the round before this one was cut short: its delivery goes on'
    return { ...ours, note }
  }
  const said = await sink.position()
  if (said.done === null && said.toward === null) {
    const isLost = ours.done !== null
    return {
      ...nothingDelivered,
      note: isLost ? `the endpoint has lost its record of this link: ${everything}` : null,
    }
  }
  const [done, toward] = [await known(io, said.done), await known(io, said.toward)]
  if (done === undefined || toward === undefined) {
    if (!isLetIn) return null
    return { ...nothingDelivered, note: everything }
  }
  const isOurs = done === ours.done || done === ours.toward
  return {
    done,
    toward,
    note: isOurs ? null : 'the endpoint was restored from an earlier state: it is brought on from there',
  }
}

const everything = 'all rows are sent; what was there and is gone here stays there'

/** Moves the link's refs; how far a delivery had got counts no longer. @throws VarveError VARVE_NOT_POSSIBLE when another worker has moved them since */
export async function recordProgress(
  { repo, link, sink }: { repo: Repo; link: Link; sink: Sink },
  io: Io,
  from: Progress,
  to: Progress,
): Promise<void> {
  // Whoever is told what is done must not take the announcement for the delivery.
  const what = to.toward === null ? 'delivered' : 'a delivery is announced'
  await repo.store.update(
    (current) => {
      refuseOvertaken(current, link.name, from)
      return {
        refs: new Map<string, Cid | null>([
          [linkRef(link.name, 'written'), to.done],
          [linkRef(link.name, 'intent'), to.toward],
          [linkObject(link.name, 'sent'), null],
        ]),
        config: new Map([[identityKey(link.name), sink.identity]]),
        operation: { name: 'sync', message: `${link.name}: ${what}`, author: operatorOf(repo, current) },
      }
    },
    { writer: io.writer },
  )
}

export function refuseOvertaken(manifest: Manifest, link: string, expected: Progress): void {
  const { written, intent } = readLinkState(manifest, link)
  if (written === expected.done && intent === expected.toward) return
  throw new VarveError('VARVE_NOT_POSSIBLE', `another worker delivers '${link}' as well`, {
    data: { link, passing: true },
    hint: 'nothing is lost; let one of them do it, or run it again',
  })
}

/** The commit that the receiver names; undefined when this repository does not have it. */
async function known({ nodes }: Io, hex: string | null): Promise<CommitCid | null | undefined> {
  if (hex === null) return null
  if (!/^[0-9a-f]{64}$/.test(hex)) return undefined
  const cid = cidOfDigest('dag-cbor', fromHex(hex)) as CommitCid
  return (await nodes.reader.has([cid]))[0] === true ? cid : undefined
}

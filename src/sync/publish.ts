// What a round writes down in the repository: the endpoint as it was seen, as commits on a ref of the link, each signed
// by the link; and the receipt of the last round.
import { utf8 } from '../base/bytes.ts'
import { type Cid, digestHex } from '../encoding/cid.ts'
import type { Tree } from '../files/tree.ts'
import { nextGeneration, writeCommit } from '../history/commit.ts'
import type { Signature } from '../history/interface.ts'
import { operatorOf, withWriter } from '../repo/context.ts'
import type { Io } from '../repo/interface.ts'
import type { TableDigests } from './digests.ts'
import type { Receipt } from './interface.ts'
import type { Round } from './round.ts'
import { type LinkState, identityKey, linkRef } from './state.ts'

export interface Seen {
  readonly state: LinkState
  readonly before: Tree
  readonly captured: Tree
  readonly identity: string
  readonly digests: TableDigests
}

/** The commit of what was captured; the one before when nothing has changed. Durable when it returns. */
export async function publishLive(round: Round, io: Io, seen: Seen): Promise<Cid> {
  const { repo, link, options } = round
  const { state, before, captured, identity } = seen
  const isSame = state.live !== null && captured.cid === before.cid && state.identity === identity
  const digests = seen.digests.write(io.writer)
  if (isSame && digests === null) return state.live
  const parents = state.live === null ? [] : [state.live]
  const live = isSame ? state.live : await linkCommit(round, io, captured, parents, `Read ${link.endpoint}`)
  if (options.dryRun === true) return live
  await repo.store.update(
    (current) => ({
      refs: new Map([
        [linkRef(link.name, 'live'), live],
        ...(digests === null ? [] : [[linkRef(link.name, 'digests'), digests] as const]),
      ]),
      config: new Map([[identityKey(link.name), identity]]),
      operation: { name: 'sync', message: `${link.name}: read`, author: operatorOf(repo, current) },
    }),
    { writer: io.writer, signal: options.signal },
  )
  return live
}

export async function linkCommit(
  { repo, link }: Round,
  io: Io,
  tree: Tree,
  parents: readonly Cid[],
  message: string,
): Promise<Cid> {
  const signature: Signature = { name: `link ${link.name}`, email: `${link.name}@link.varve`, ...repo.now() }
  return writeCommit(io.writer, {
    tree: tree.cid,
    parents,
    author: signature,
    committer: signature,
    message,
    generation: await nextGeneration(io.writer, parents),
    extra: {},
  })
}

export async function rememberReceipt({ repo, link }: Round, receipt: Receipt): Promise<void> {
  await withWriter(repo, async (writer) => {
    const object = writer.put('raw', utf8(JSON.stringify(receipt)))
    await repo.store.update(
      (current) => ({
        refs: new Map([[linkRef(link.name, 'receipt'), object]]),
        operation: {
          name: 'sync',
          message: `${link.name}: ${digestHex(object).slice(0, 12)}`,
          author: operatorOf(repo, current),
        },
      }),
      { writer },
    )
  })
}

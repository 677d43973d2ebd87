// Settles rows that wait because both sides changed them. 'ours' says that the endpoint's value has been seen and is to
// be overwritten: the base takes it, so that only our change is left. 'theirs' takes the endpoint's row into the branch
// as well. Either way nothing is written to the endpoint here; the next round does it, with its guards.
import { VarveError } from '../../base/errors.ts'
import { counted } from '../../base/size.ts'
import type { Tree } from '../../files/tree.ts'
import type { Folder, Io, Repo } from '../../repo/interface.ts'
import { changeBase } from './base-change.ts'
import { changeBranch, commitTree } from '../branch-change.ts'
import { HeldRows } from './held-rows.ts'
import type { HeldBack, Link } from '../interface.ts'
import { underKeysHere } from '../keys/keys-there.ts'
import { readLinkState } from '../state.ts'

export interface SettleInput {
  readonly repo: Repo
  readonly folder: Folder | null
  readonly link: Link
  readonly rows: readonly HeldBack[]
  readonly side: 'ours' | 'theirs'
}

const operation = 'sync resolve'

/** @throws VARVE_NOT_POSSIBLE before the first round */
export async function settleHeldRows({ repo, folder, link, rows, side }: SettleInput): Promise<void> {
  const { live } = readLinkState(await repo.store.manifest(), link.name)
  if (live === null) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `the link '${link.name}' has not been synchronized yet`, {
      hint: `run 'varve sync ${link.name}'`,
    })
  }
  const held = new HeldRows()
  for (const row of rows) held.add(row)
  const seen = async (io: Io): Promise<Tree> => underKeysHere(io, await commitTree(io, live), rows)
  if (side === 'theirs') {
    await changeBranch({
      repo,
      folder,
      link,
      paths: [...new Set(rows.map(({ path }) => path))],
      operation,
      message: `Take ${counted(rows.length, 'row')} as '${link.name}' has them`,
      change: async (io, ours) => held.put(io, ours, await seen(io), 'stay'),
    })
  }
  await changeBase({
    repo,
    link,
    operation,
    message: `Settle ${counted(rows.length, 'row')} of '${link.name}': ${side}`,
    // What a round has read since is no part of it: nobody has seen that.
    change: async (io, base) => held.put(io, base, await seen(io)),
  })
}

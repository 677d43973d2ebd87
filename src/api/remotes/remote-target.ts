// Which remote an operation is with, which branch of it, and what is told of a transfer in the end.
import { VarveError } from '../../base/errors.ts'
import { branchPrefix, remoteRef, shortRefName } from '../../history/refs.ts'
import type { Conditional, OpenRemoteOptions, TransferReport } from '../../remote/interface.ts'
import { conditionalOf, listRemotes, rememberConditional } from '../../remote/remotes.ts'
import type { Manifest, Store } from '../../store/interface.ts'
import { idOf } from '../info.ts'
import type * as t from '../interface.ts'

export interface Target {
  readonly name: string | undefined
  readonly url: string
}

/** The remote of the current branch's upstream, else 'origin', else the only remote there is. */
export function defaultRemote(manifest: Manifest): string {
  const branch = manifest.head === null ? null : shortRefName(manifest.head)
  const upstream = branch === null ? undefined : manifest.config.get(`branch.${branch}.upstream`)
  const names = listRemotes(manifest).map((remote) => remote.name)
  const known = names.find((name) => upstream?.startsWith(remoteRef(name, '')) === true)
  return known ?? (names.length === 1 ? names[0]! : 'origin')
}

export function upstreamOf(manifest: Manifest, remote: string, branch: string | undefined): string {
  if (branch !== undefined) return remoteRef(remote, branch)
  const current = manifest.head
  if (current === null) {
    throw new VarveError('VARVE_NOT_POSSIBLE', 'HEAD is not on a branch', {
      hint: 'name what to pull: REMOTE BRANCH',
    })
  }
  const short = current.slice(branchPrefix.length)
  const upstream = manifest.config.get(`branch.${short}.upstream`)
  return upstream?.startsWith(remoteRef(remote, '')) === true ? upstream : remoteRef(remote, short)
}

export function transferResult(target: Target, report: TransferReport): t.TransferResult {
  return {
    remote: target.name ?? target.url,
    url: target.url,
    updates: report.updates.map((update) => ({
      ref: update.ref,
      before: idOf(update.before),
      after: idOf(update.after),
      forced: update.forced,
    })),
    objects: report.objects,
    bytes: report.bytes,
  }
}

/** undefined: nothing to remember, because it does not matter or may change with the credentials. */
export function conditionalAfter(
  finding: t.AddedRemote['finding'],
  otherwise: 'single-writer' | 'no',
): Conditional | undefined {
  if (finding === null || finding === 'read-only') return undefined
  return finding === 'kept' ? 'yes' : otherwise
}

/** What is known of a named remote's conditional writes; it is asked once, and what it answers is kept. */
export async function conditionalWritesOf(
  store: Store,
  manifest: Manifest,
  { name, url }: Target,
  opening: OpenRemoteOptions,
): Promise<Conditional | undefined> {
  if (name === undefined) return undefined
  const known = conditionalOf(manifest, name)
  if (known !== undefined) return known
  const { probeRemote } = await import('../../remote/transports/open.ts')
  const finding = await probeRemote(url, opening)
  const conditional = conditionalAfter(finding, 'no')
  if (conditional !== undefined) await rememberConditional(store, name, conditional)
  return conditional
}

export function operationOptions({ signal, onProgress }: t.OperationOptions): t.OperationOptions {
  return { signal, onProgress }
}

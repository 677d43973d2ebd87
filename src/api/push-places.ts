// One push to all places of a remote. Each is tried, whatever became of the one before; a place that failed makes the
// whole an error that says which have it and which have not. Running it again is harmless where it went through.
import { type VarveError as Failure, VarveError, isVarveError } from '../base/errors.ts'
import type { TransferReport } from '../remote/interface.ts'
import type * as t from './interface.ts'
import { type Target, transferResult } from './remote-target.ts'

/** `push` is told the remote's name once: what it pushed is remembered as the state of the remote. */
export async function pushToAll(
  target: Target,
  urls: readonly string[],
  push: (url: string, remoteName: string | undefined) => Promise<TransferReport>,
): Promise<t.TransferResult> {
  const done: { readonly copy: t.PushedCopy; readonly report: TransferReport }[] = []
  const failed: { url: string; error: Failure }[] = []
  for (const url of urls) {
    try {
      const report = await push(url, done.length === 0 ? target.name : undefined)
      done.push({ copy: copyOf(url, report), report })
    } catch (error) {
      if (urls.length === 1 || !isVarveError(error) || error.code === 'VARVE_ABORTED') throw error
      failed.push({ url, error })
    }
  }
  const copies = done.map(({ copy }) => copy)
  if (failed.length > 0) throw notEverywhere(copies, failed)
  const result = transferResult({ ...target, url: copies[0]!.url }, done[0]!.report)
  return copies.length === 1 ? result : { ...result, copies: copies.slice(1) }
}

function notEverywhere(
  done: readonly t.PushedCopy[],
  failed: readonly { url: string; error: Failure }[],
): VarveError {
  const list = (urls: readonly { url: string }[]): string => urls.map(({ url }) => `'${url}'`).join(', ')
  const faults = failed.map(({ url, error }) => `'${url}': ${error.message}`).join('; ')
  const first = failed[0]!.error
  const message =
    done.length === 0 ? `nothing was pushed: ${faults}` : `pushed to ${list(done)}, but not to ${faults}`
  return new VarveError(first.code, message, {
    data: {
      pushed: done.map(({ url, updates }) => ({ url, updates })),
      failed: failed.map(({ url, error }) => ({ url, ...error.toJSON() })),
    },
    cause: first,
    hint: first.hint ?? 'push again when it can be reached: where it went through, nothing is sent twice',
  })
}

function copyOf(url: string, report: TransferReport): t.PushedCopy {
  const { updates, objects, bytes } = transferResult({ name: undefined, url }, report)
  return { url, updates, objects, bytes }
}

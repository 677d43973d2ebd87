// One push to all places of a remote, side by side. Each is tried, whatever becomes of the others; a place that fails makes
// the whole an error that says which have it and which have not. Running it again is harmless where it went through.
import { type ErrorCode, VarveError, isVarveError, throwIfAborted } from '../../base/errors.ts'
import { bareSystemFailure } from '../../base/system-error.ts'
import type { TransferReport } from '../../remote/interface.ts'
import { mayPromptForPassword } from '../../remote/transports/open.ts'
import type * as t from '../interface.ts'
import { type Target, operationOptions, transferResult } from './remote-target.ts'

/** Each holds some 20 MB of objects on their way. */
const placesAtOnce = 4

/** What came of one place; `error`: whatever was thrown. */
type Outcome =
  | { readonly url: string; readonly report: TransferReport }
  | { readonly url: string; readonly error: unknown }

export async function pushToAll<Options extends t.OperationOptions>(
  target: Target,
  urls: readonly string[],
  options: Options,
  push: (url: string, options: Options) => Promise<TransferReport>,
): Promise<t.TransferResult> {
  if (urls.length === 1) return transferResult({ ...target, url: urls[0]! }, await push(urls[0]!, options))
  const outcomes = await sideBySide(urls, async (url) => {
    throwIfAborted(options.signal)
    return push(url, { ...options, ...namingPlace(options, url) })
  })
  const copies = outcomes.flatMap((outcome) => ('report' in outcome ? copyOf(outcome) : []))
  const failed = outcomes.flatMap((outcome) => ('error' in outcome ? failureOf(outcome) : []))
  if (failed.length > 0) throw notEverywhere(copies, failed)
  const [first, ...others] = copies
  return { remote: target.name ?? first!.url, ...first!, copies: others }
}

/** In the order of `urls`. Where somebody may be asked for a password, one place comes after the other. */
async function sideBySide(
  urls: readonly string[],
  push: (url: string) => Promise<TransferReport>,
): Promise<Outcome[]> {
  const asking = urls.filter(mayPromptForPassword)
  const waiting = [
    ...(asking.length === 0 ? [] : [asking]),
    ...urls.filter((url) => !mayPromptForPassword(url)).map((url) => [url]),
  ]
  const outcomes = new Map<string, Outcome>()
  const work = async (): Promise<void> => {
    for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift())
      for (const url of lane) {
        const done = push(url).then(
          (report) => ({ url, report }),
          (error: unknown) => ({ url, error }),
        )
        outcomes.set(url, await done)
      }
  }
  await Promise.all(Array.from({ length: placesAtOnce }, work))
  return urls.map((url) => outcomes.get(url)!)
}

function namingPlace(options: t.OperationOptions, url: string): t.OperationOptions {
  const { signal, onProgress } = operationOptions(options)
  return {
    signal,
    onProgress: onProgress && ((progress) => onProgress({ ...progress, place: url })),
  }
}

interface Failed {
  readonly url: string
  readonly error: VarveError
}

/** An unexpected error is a bug in Varve, and must not look like a fault of the place. */
function failureOf({ url, error }: { readonly url: string; readonly error: unknown }): Failed {
  const expected = isVarveError(error) ? error : bareSystemFailure(error)
  if (expected === null) throw error
  return { url, error: expected }
}

function notEverywhere(done: readonly t.PushedCopy[], failed: readonly Failed[]): VarveError {
  const list = (urls: readonly { url: string }[]): string => urls.map(({ url }) => `'${url}'`).join(', ')
  const faults = failed.map(({ url, error }) => `'${url}': ${error.message}`).join('; ')
  const aborted: ErrorCode = 'VARVE_ABORTED'
  const { error } = failed.find((one) => one.error.code === aborted) ?? failed[0]!
  const message =
    done.length === 0 ? `nothing was pushed: ${faults}` : `pushed to ${list(done)}, but not to ${faults}`
  return new VarveError(error.code, message, {
    data: {
      pushed: done,
      failed: failed.map((one) => ({ url: one.url, exitCode: one.error.exitCode, ...one.error.toJSON() })),
    },
    cause: error,
    hint: error.hint ?? 'push again when it can be reached: where it went through, nothing is sent twice',
  })
}

function copyOf({ url, report }: { readonly url: string; readonly report: TransferReport }): t.PushedCopy {
  const { updates, objects, bytes } = transferResult({ name: undefined, url }, report)
  return { url, updates, objects, bytes }
}

// How one manifest follows another: the part of compare-and-set that is the same for every kind of store. It is a
// pure function of the newest manifest and the change, so that a lost race only means to call it once more.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Manifest, ManifestChange } from './interface.ts'

/** Longest name of a ref or setting, in characters. */
const nameLengthMax = 1024
/** The reflog keeps this much of an operation's message; the commit itself has all of it. */
const messageLengthMax = 1024
/** Half of a surrogate pair becomes U+FFFD in UTF-8: two names could become one, and no manifest has a name twice. */
const loneSurrogate = /[\ud800-\udfff]/u

export function firstManifest(
  firstBranch: string,
  timeMs: number,
  config: ReadonlyMap<string, string> = new Map(),
): Manifest {
  return {
    sequence: 1,
    timeMs,
    head: `refs/heads/${firstBranch}`,
    refs: new Map(),
    config,
    operation: { name: 'init', message: '', author: '' },
    gcEpoch: 0,
  }
}

/** The next manifest. Its time is never before that of the current one, whatever the clock says. */
export function nextManifest(current: Manifest, change: ManifestChange, nowMs: number): Manifest {
  const next: Manifest = {
    sequence: current.sequence + 1,
    timeMs: Math.max(current.timeMs, nowMs),
    head: change.head === undefined ? current.head : change.head,
    refs: change.refs === undefined ? current.refs : edited(current.refs, change.refs),
    config: change.config === undefined ? current.config : edited(current.config, change.config),
    operation: {
      name: change.operation.name,
      message: change.operation.message.slice(0, messageLengthMax),
      author: change.operation.author,
    },
    gcEpoch: current.gcEpoch,
  }
  if ((next.head === null) !== next.refs.has('HEAD')) {
    throw new TypeError("a manifest has either the name of the current ref or, detached, a ref called 'HEAD'")
  }
  return next
}

/** The refs that `change` sets: their objects must be there before it is written. */
export function targetsOf(change: ManifestChange): Cid[] {
  return [...(change.refs?.values() ?? [])].filter((target) => target !== null)
}

export function missingTarget(cid: Cid, location: string): VarveError {
  return new VarveError('VARVE_OBJECT_MISSING', `a ref cannot name '${cid}': no such object`, {
    data: { cid, location },
  })
}

/** What a writer took for present is gone, and cannot be put again. */
export function removedByGc(cause?: unknown): VarveError {
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    'garbage collection removed objects that were about to be used',
    { ...(cause === undefined ? {} : { cause }), hint: 'run the command again' },
  )
}

function edited<V>(
  known: ReadonlyMap<string, V>,
  edits: ReadonlyMap<string, V | null>,
): ReadonlyMap<string, V> {
  const names = new Map(known)
  for (const [name, value] of edits) {
    if (name === '' || name.length > nameLengthMax || loneSurrogate.test(name))
      throw new TypeError(`not a name for a manifest: '${name}'`)
    if (value === null) names.delete(name)
    else names.set(name, value)
  }
  return names
}

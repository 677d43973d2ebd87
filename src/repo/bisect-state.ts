// The search for the first bad commit as a stored object (ref BISECT): it survives crashes, and gc keeps what it names.
// dag-cbor {v, branch, start, bad, good, skipped, checked, found, left, log}: links, texts and null; where it is about some paths
// alone, also paths: texts and pathspecs; where good and bad are called otherwise, terms: {good, bad}.
import { CID } from 'multiformats/cid'
import { corrupt } from '../base/errors.ts'
import type { NamedPath, Pathspec } from '../files/pathspec.ts'
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts'
import { type CommitCid, cidFromLink, cidToLink } from '../encoding/cid.ts'
import type { Manifest, ObjectReader, ObjectWriter } from '../store/interface.ts'

export const bisectRef = 'BISECT'

export type Verdict = 'good' | 'bad' | 'skip'

export interface BisectEntry {
  readonly verdict: Verdict
  readonly commit: CommitCid
}

/** Words for what the older commits have, and for what the newer ones do. */
export interface BisectTerms {
  readonly good: string
  readonly bad: string
}

export const usualTerms: BisectTerms = { good: 'good', bad: 'bad' }

export interface BisectState {
  /** The ref that HEAD was at when it began; null: HEAD was detached. */
  readonly branch: string | null
  /** The commit that HEAD was at. */
  readonly start: CommitCid
  /** The newest that is known to be bad; null: none yet. */
  readonly bad: CommitCid | null
  readonly good: readonly CommitCid[]
  readonly skipped: readonly CommitCid[]
  /** Where the lines of good and bad part all is known to be good. */
  readonly checked: boolean
  readonly found: CommitCid | null
  /** Commits that may still have to be looked at after the one that is checked out. */
  readonly left: number
  /** The first bad commit is one that touched these; null: any. */
  readonly paths: readonly NamedPath[] | null
  /** What good and bad are called. */
  readonly terms: BisectTerms
  /** What was said, in order. */
  readonly log: readonly BisectEntry[]
}

export function writeBisectState(writer: ObjectWriter, state: BisectState): CommitCid {
  const optional = (cid: CommitCid | null): CID | null => (cid === null ? null : cidToLink(cid))
  return writer.put(
    'dag-cbor',
    encodeCbor({
      v: 1,
      branch: state.branch,
      start: cidToLink(state.start),
      bad: optional(state.bad),
      good: state.good.map(cidToLink),
      skipped: state.skipped.map(cidToLink),
      checked: state.checked,
      found: optional(state.found),
      left: state.left,
      ...(state.paths === null ? {} : { paths: state.paths }),
      ...(state.terms === usualTerms ? {} : { terms: { ...state.terms } }),
      log: state.log.map(({ verdict, commit }) => [verdict, cidToLink(commit)]),
    }),
  )
}

export async function readBisectState(reader: ObjectReader, manifest: Manifest): Promise<BisectState | null> {
  const cid = manifest.refs.get(bisectRef)
  if (cid === undefined) return null
  const [bytes] = await reader.get([cid])
  const value = decodeCbor(bytes!, 'the state of the bisection') as Record<string, unknown> | null
  const { v, branch, start, bad, good, skipped, checked, found, left, log, paths, terms } = value ?? {}
  if (v !== 1 || (branch !== null && typeof branch !== 'string') || !Number.isSafeInteger(left))
    throw damaged()
  if (!Array.isArray(log) || typeof checked !== 'boolean') throw damaged()
  return {
    branch,
    start: commitOf(start),
    bad: bad === null ? null : commitOf(bad),
    good: commitsOf(good),
    skipped: commitsOf(skipped),
    checked,
    found: found === null ? null : commitOf(found),
    left: left as number,
    paths: paths === undefined ? null : pathsOf(paths),
    terms: terms === undefined ? usualTerms : termsOf(terms),
    log: (log as unknown[]).map(entryOf),
  }
}

function entryOf(value: unknown): BisectEntry {
  const [verdict, commit] = Array.isArray(value) ? (value as unknown[]) : []
  if (verdict !== 'good' && verdict !== 'bad' && verdict !== 'skip') throw damaged()
  return { verdict, commit: commitOf(commit) }
}

function termsOf(value: unknown): BisectTerms {
  const { good, bad } = (value ?? {}) as Partial<BisectTerms>
  if (typeof good !== 'string' || typeof bad !== 'string') throw damaged()
  return { good, bad }
}

function pathsOf(value: unknown): NamedPath[] {
  if (!Array.isArray(value)) throw damaged()
  return (value as unknown[]).map((one) => {
    if (typeof one === 'string') return one
    const { text, folder, pattern, matching, ignoreCase, exclude } = (one ?? {}) as Partial<Pathspec>
    const isText = [text, folder, pattern].every((part) => typeof part === 'string')
    const isMatching = matching === 'literal' || matching === 'wildcard' || matching === 'glob'
    if (!isText || !isMatching || typeof ignoreCase !== 'boolean' || typeof exclude !== 'boolean')
      throw damaged()
    return one as Pathspec
  })
}

function commitsOf(value: unknown): CommitCid[] {
  if (!Array.isArray(value)) throw damaged()
  return (value as unknown[]).map(commitOf)
}

function commitOf(value: unknown): CommitCid {
  if (!(value instanceof CID)) throw damaged()
  return cidFromLink(value)
}

function damaged(): Error {
  return corrupt('the state of the bisection is damaged')
}

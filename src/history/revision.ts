// Names of revisions, as git spells them: a name (revision-name.ts), then any of ~N, ^N, ^{commit}, ^{/TEXT} and '@{…}'
// (revision-at.ts); ':/TEXT', and '@{-N}' for where HEAD was before. 'REV:PATH', 'A..B' and 'A...B' are split off here too.
import { VarveError } from '../base/errors.ts'
import { counted } from '../base/size.ts'
import { type CommitCid, shortCid } from '../encoding/cid.ts'
import type { Manifest } from '../store/interface.ts'
import { graphOf } from './commit-graph.ts'
import { readCommit } from './commit.ts'
import { findByMessage } from './find-message.ts'
import { isOfThePast, placeBefore, resolveAt } from './revision-at.ts'
import { type Revisions, type Target, namedIn, notFound, peel, resolveName, tipsOf } from './revision-name.ts'

export type { Revisions }

export interface ResolvedRevision {
  readonly commit: CommitCid
  /** The full ref that was named, if one was. */
  readonly ref: string | null
}

const oneStep = String.raw`~\d*|\^\{[^}]*\}|\^\d*|@\{[^}]*\}`
const nameAndSteps = new RegExp(`^(.*?)((?:${oneStep})*)$`, 's')
const eachStep = new RegExp(oneStep, 'g')

/** @throws VarveError VARVE_REF_NOT_FOUND, VARVE_USAGE */
export async function resolveRevision(
  store: Revisions,
  revision: string,
  manifest?: Manifest,
): Promise<ResolvedRevision> {
  const current = manifest ?? (await store.manifest())
  if (revision.startsWith(saying)) {
    const tips = await tipsOf(store, namedIn(current))
    return { commit: await sayingSo(store, tips, revision.slice(saying.length), revision), ref: null }
  }
  const [, name, written] = nameAndSteps.exec(revision)!
  const steps = written!.match(eachStep) ?? []
  let { ref, target } = await beginningOf(store, current, { name: name!, steps, revision })
  for (const step of steps) {
    if (step.startsWith('@{')) {
      ;({ ref, target } = await resolveAt(store, current, ref, step.slice(2, -1), revision))
    } else {
      const from = await peel(store, target, revision)
      target = step.startsWith('^{')
        ? await peelTo(store, from, step.slice(2, -1), revision)
        : await followParents(store, from, step, revision)
      ref = null
    }
  }
  return { commit: await peel(store, target, revision), ref }
}

interface Parsed {
  readonly name: string
  /** Those that belong to the beginning are taken out. */
  readonly steps: string[]
  readonly revision: string
}

/** 'HEAD@{1}' is where HEAD was, '@{1}' where the current branch was, '@{-1}' the branch before it. */
async function beginningOf(
  store: Revisions,
  manifest: Manifest,
  { name, steps, revision }: Parsed,
): Promise<Target> {
  const [first = ''] = steps
  const back = name === '' ? /^@\{-(\d{1,9})\}$/.exec(first)?.[1] : undefined
  if (back !== undefined) {
    steps.shift()
    return placeBefore(store, manifest, Number(back), revision)
  }
  // Nothing at all is what an unset variable leaves, and '~2' what it leaves of '$REV~2'.
  const isHead = name === '@' || (name === '' && first.startsWith('@{'))
  const head = await resolveName(store, manifest, isHead ? 'HEAD' : name, revision)
  if (name !== 'HEAD' || !isOfThePast(first)) return head
  steps.shift()
  return resolveAt(store, manifest, 'HEAD', first.slice(2, -1), revision)
}

/** What a tag stands for, or the newest commit before it that says a text. */
async function peelTo(store: Revisions, from: CommitCid, what: string, revision: string): Promise<CommitCid> {
  if (what === '' || what === 'commit') return from
  if (what.startsWith('/')) return sayingSo(store, [from], what.slice(1), revision)
  if (what === 'tree') {
    throw new VarveError('VARVE_USAGE', `'${revision}' is a tree, and a commit is needed here`, {
      hint: "leave out '^{tree}'",
    })
  }
  throw new VarveError('VARVE_USAGE', `'${revision}' is not a revision`, {
    hint: "'^{commit}' is the commit that a tag names, '^{tree}' its files, '^{/TEXT}' the newest one before it with TEXT in its message",
  })
}

async function sayingSo(
  store: Revisions,
  from: readonly CommitCid[],
  text: string,
  revision: string,
): Promise<CommitCid> {
  const found = text === '' ? null : await findByMessage(store, from, text)
  if (found !== null) return found
  throw notFound(revision, revision, `no commit there has '${text}' in its message`)
}

const saying = ':/'

/** Splits 'REV:PATH'; a text without ':' is a revision alone. ':PATH' is of the index, ':0'; ':2:PATH' of a side of a merge, ':2'. */
export function splitRevisionPath(text: string): { revision: string; path: string | null } {
  const colon = text.startsWith(saying)
    ? -1
    : text.replaceAll(/[\^@]\{[^}]*\}/g, (step) => '-'.repeat(step.length)).indexOf(':')
  const stage = /^:(?:([0-3]):)?(?=[^/!^(])/.exec(text)
  if (stage !== null) return { revision: `:${stage[1] ?? 0}`, path: text.slice(stage[0].length) }
  return colon < 0
    ? { revision: text, path: null }
    : { revision: text.slice(0, colon), path: text.slice(colon + 1) }
}

/** 'A..B' and 'A...B'; a missing side is HEAD. null when it is no range. */
export function splitRange(text: string): { from: string; to: string; symmetric: boolean } | null {
  const match = text.startsWith(saying) ? null : /^(.*?)(\.\.\.?)(.*)$/s.exec(text)
  if (match === null) return null
  return { from: match[1] || 'HEAD', to: match[3] || 'HEAD', symmetric: match[2] === '...' }
}

async function followParents(
  store: Revisions,
  from: CommitCid,
  step: string,
  revision: string,
): Promise<CommitCid> {
  const number = step.length === 1 ? 1 : Number(step.slice(1))
  if (step[0] === '^') {
    if (number === 0) return from
    const parent = (await readCommit(store, from)).parents[number - 1]
    if (parent === undefined)
      throw notFound(revision, revision, `commit ${shortCid(from)} has no parent ${number}`)
    return parent
  }
  const graph = graphOf(store)
  let at = graph.slotOf(from)
  for (let i = 0; i < number; i++) {
    await graph.learn(store, [at])
    const parent = graph.parentsOf(at)[0]
    if (parent === undefined) {
      const why =
        i === 0 ? `commit ${shortCid(from)} has no parent` : `history ends ${counted(i, 'commit')} back`
      throw notFound(revision, revision, why)
    }
    at = parent
  }
  graph.keep()
  return graph.cidOf(at)
}

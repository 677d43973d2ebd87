// Which commits several words name together, as Git reads them: those that 'B' reaches, without those that '^A' reaches. 'A..B'
// is short for '^A B'; 'A...B' leaves out what both sides have; 'REV^!' is REV alone, 'REV^-' what a merge brought, 'REV^@' all
// that its parents reach.
import type { CommitCid } from '../encoding/cid.ts'
import type { Manifest } from '../store/interface.ts'
import { mergeBases } from './ancestry.ts'
import { readCommit } from './commit.ts'
import { notFound } from './revision-name.ts'
import { type ResolvedRevision, type Revisions, resolveRevision, splitRange } from './revision.ts'

/** What walkGraph and walkCommits take. */
export interface RevisionSet {
  readonly from: readonly CommitCid[]
  readonly exclude: readonly CommitCid[]
}

interface RevisionEnd {
  readonly commit: CommitCid
  readonly excluded: boolean
}

/** Whether a word names commits by what reaches them, and is no single commit. */
export function namesSet(word: string): boolean {
  return word.startsWith('^') || splitRange(word) !== null || splitParents(word) !== null
}

interface ParentsNamed {
  readonly revision: string
  readonly kind: '!' | '@' | '-'
  /** Of 'REV^-N'. */
  readonly parent: number
}

/** 'REV^!', 'REV^@' and 'REV^-N': a commit and its parents, or one of them. */
export function splitParents(word: string): ParentsNamed | null {
  const match = /^[:^]/.test(word) ? null : /^(.+)\^([!@]|-(\d{0,4}))$/s.exec(word)
  if (match === null) return null
  return { revision: match[1]!, kind: match[2]![0] as '!' | '@' | '-', parent: Number(match[3] || 1) }
}

/** @throws VarveError VARVE_REF_NOT_FOUND, VARVE_USAGE */
export async function resolveSet(
  store: Revisions,
  words: readonly string[],
  manifest: Manifest,
): Promise<RevisionSet> {
  const [from, exclude]: [CommitCid[], CommitCid[]] = [[], []]
  for (const word of words)
    for (const { commit, excluded } of await revisionEnds(store, word, manifest))
      (excluded ? exclude : from).push(commit)
  return { from, exclude }
}

async function revisionEnds(store: Revisions, word: string, manifest: Manifest): Promise<RevisionEnd[]> {
  if (word.startsWith('^')) {
    const ends = await revisionEnds(store, word.slice(1), manifest)
    return ends.map((end) => ({ ...end, excluded: !end.excluded }))
  }
  const endOf = async (revision: string, excluded = false): Promise<RevisionEnd> => ({
    commit: (await resolveRevision(store, revision, manifest)).commit,
    excluded,
  })
  const family = splitParents(word)
  if (family !== null) return familyEnds(store, await endOf(family.revision), family)
  const range = splitRange(word)
  if (range === null) return [await endOf(word)]
  const [a, b] = [await endOf(range.from, !range.symmetric), await endOf(range.to)]
  if (!range.symmetric) return [b, a]
  const bases = await mergeBases(store, a.commit, b.commit)
  return [b, a, ...bases.map((commit) => ({ commit, excluded: true }))]
}

async function familyEnds(
  store: Revisions,
  child: RevisionEnd,
  { kind, parent, revision }: ParentsNamed,
): Promise<RevisionEnd[]> {
  const { parents } = await readCommit(store, child.commit)
  const ends = parents.map((commit) => ({ commit, excluded: kind !== '@' }))
  if (kind === '@') return ends
  if (kind === '!') return [child, ...ends]
  const without = ends[parent - 1]
  if (without === undefined)
    throw notFound(revision, `${revision}^-${parent}`, `commit '${revision}' has no parent ${parent}`)
  return [child, without]
}

/**
 * A commit to begin at or to compare with: as Git has it, 'A...B' is the merge base of both there.
 * @throws VarveError VARVE_REF_NOT_FOUND where they have none, or several
 */
export async function resolveStart(
  store: Revisions,
  revision: string,
  manifest: Manifest,
): Promise<ResolvedRevision> {
  const range = splitRange(revision)
  if (range?.symmetric !== true) return resolveRevision(store, revision, manifest)
  const { commit: a } = await resolveRevision(store, range.from, manifest)
  const { commit: b } = await resolveRevision(store, range.to, manifest)
  const bases = await mergeBases(store, a, b)
  if (bases.length === 1) return { commit: bases[0]!, ref: null }
  const why = bases.length === 0 ? 'they have no history in common' : 'they have several merge bases'
  throw notFound(revision, revision, why)
}

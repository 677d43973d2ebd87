// Which commits several words name together, as Git reads them: those that 'B' reaches, without those that '^A' reaches. 'A..B'
// is short for '^A B'; 'A...B' leaves out what both sides have.
import type { CommitCid } from '../encoding/cid.ts'
import type { Manifest } from '../store/interface.ts'
import { mergeBases } from './ancestry.ts'
import { type Revisions, resolveRevision, splitRange } from './revision.ts'

/** What walkGraph and walkCommits take. */
export interface RevisionSet {
  readonly from: readonly CommitCid[]
  readonly exclude: readonly CommitCid[]
}

/** Whether a word names commits by what reaches them, and is no single commit. */
export function namesSet(word: string): boolean {
  return word.startsWith('^') || splitRange(word) !== null
}

/** @throws VarveError VARVE_REF_NOT_FOUND, VARVE_USAGE */
export async function resolveSet(
  store: Revisions,
  words: readonly string[],
  manifest: Manifest,
): Promise<RevisionSet> {
  const [from, exclude]: [CommitCid[], CommitCid[]] = [[], []]
  const commitOf = async (name: string): Promise<CommitCid> =>
    (await resolveRevision(store, name, manifest)).commit
  for (const word of words) {
    const range = splitRange(word)
    if (word.startsWith('^')) exclude.push(await commitOf(word.slice(1)))
    else if (range === null) from.push(await commitOf(word))
    else {
      const [a, b] = [await commitOf(range.from), await commitOf(range.to)]
      from.push(...(range.symmetric ? [a, b] : [b]))
      exclude.push(...(range.symmetric ? await mergeBases(store, a, b) : [a]))
    }
  }
  return { from, exclude }
}

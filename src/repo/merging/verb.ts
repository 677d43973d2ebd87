// Which command goes on with what is under way after conflicts, and ends it: 'varve VERB --continue', 'varve VERB --abort'.
import type { MergeKind } from '../../merge/merge-sides.ts'

export type MergeVerb = 'merge' | 'cherry-pick' | 'revert' | 'rebase'

/** The verb of a command: a pull and a squash are merges. */
export function verbOf(kind: MergeKind | 'pull'): MergeVerb {
  return kind === 'squash' || kind === 'pull' ? 'merge' : kind
}

// How the tests of documents merge texts: what came out, and what of it is a conflict.
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import type {
  Choice,
  DocumentConflict,
  DocumentMerger,
  MergedDocument,
} from '../../src/documents/interface.ts'
import type { Tree } from '../../src/documents/structure/tree.ts'

export interface Outcome {
  readonly text: string
  readonly basis: string
  readonly conflicts: readonly DocumentConflict[]
  readonly render: (choice: Choice) => string
}

/** Fails where the three cannot be merged in this way. */
export function mergeTexts(merger: DocumentMerger, base: string, ours: string, theirs: string): Outcome {
  const merge = merger({ base: utf8(base), ours: utf8(ours), theirs: utf8(theirs) }, { name: 'data' })
  if (merge.kind === 'unfit') throw new Error(merge.reason)
  const render = (choice: Choice): string => utf8Text(merge.render(() => choice))
  return { text: utf8Text(merge.render()), basis: merge.basis, conflicts: merge.conflicts, render }
}

/** The text of a merge that must be clean. */
export function cleanly(merger: DocumentMerger, base: string, ours: string, theirs: string): string {
  const { text, conflicts } = mergeTexts(merger, base, ours, theirs)
  if (conflicts.length > 0) throw new Error(`conflict at ${conflicts.map(({ where }) => where).join(', ')}`)
  return text
}

/** 'kind where' of each conflict. */
export function clashes(merger: DocumentMerger, base: string, ours: string, theirs: string): string[] {
  return mergeTexts(merger, base, ours, theirs).conflicts.map(({ kind, where }) => `${kind} ${where}`)
}

/** Why the three cannot be merged in this way; null where they can. */
export function unfit(
  merger: DocumentMerger,
  base: string | Uint8Array | null,
  ours: string | Uint8Array,
  theirs: string | Uint8Array,
): string | null {
  const bytes = (text: string | Uint8Array): Uint8Array => (typeof text === 'string' ? utf8(text) : text)
  const sides = { base: base === null ? null : bytes(base), ours: bytes(ours), theirs: bytes(theirs) }
  const merge: MergedDocument | { kind: 'unfit'; reason: string } = merger(sides, { name: 'data' })
  return merge.kind === 'unfit' ? merge.reason : null
}

/** All that a tree knows, a line a node. */
export function rowsOf(tree: Tree): string[] {
  const row = (i: number): string =>
    [
      tree.kind(i),
      tree.from(i),
      tree.start(i),
      tree.end(i),
      tree.to(i),
      tree.next(i),
      tree.key(i),
      tree.value(i),
    ].join(' ')
  return Array.from({ length: tree.size }, (_, i) => row(i))
}

// Comments, anchors and tags: what is in a YAML file beside its values, and must not get lost on the way either.
import { NotFit } from '../structure/tree.ts'

const kinds = new Set(['comment', 'anchor', 'tag'])

/** All of them in a text and its tokens, as they are spelled. */
export function remarksOf(text: string, tokens: unknown): string[] {
  const remarks: string[] = []
  if (!/[#&!]/.test(text)) return remarks
  const open: unknown[] = [tokens]
  while (open.length > 0) {
    const token = open.pop()
    if (typeof token !== 'object' || token === null) continue
    const { type, source } = token as { type?: unknown; source?: unknown }
    if (typeof type === 'string' && kinds.has(type)) remarks.push(String(source).trim())
    else open.push(...Object.values(token))
  }
  return remarks
}

/**
 * Each as often as the three versions ask for: what one side added or removed, the merge has or has not.
 * @throws NotFit
 */
export function checkRemarks(
  [base, ours, theirs]: readonly (readonly string[])[],
  merged: readonly string[],
  isClean: boolean,
): void {
  const counts = [base!, ours!, theirs!, merged].map(countsOf)
  for (const remark of new Set([base!, ours!, theirs!, merged].flat())) {
    const [b, o, t, m] = counts.map((count) => count.get(remark) ?? 0) as [number, number, number, number]
    const wanted = o === t ? o : o === b ? t : t === b ? o : Math.max(0, o + t - b)
    if (isClean ? m !== wanted : m < Math.min(b, o, t)) throw new NotFit('comments or anchors would get lost')
  }
}

function countsOf(remarks: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const remark of remarks) counts.set(remark, (counts.get(remark) ?? 0) + 1)
  return counts
}

/** Those of a piece without the comments in the lines behind it, which belong to what follows. */
export function remarksBefore(remarks: readonly string[], behind: string): string[] {
  const own = [...remarks]
  for (const [comment] of behind.matchAll(/#.*/g)) {
    const at = own.lastIndexOf(comment.trim())
    if (at >= 0) own.splice(at, 1)
  }
  return own
}

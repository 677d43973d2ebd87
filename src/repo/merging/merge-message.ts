// What the commit of a merge says unless somebody says otherwise.
import { shortCid } from '../../encoding/cid.ts'
import { walkCommits } from '../../history/ancestry.ts'
import type { Commit } from '../../history/interface.ts'
import { subjectOf } from '../../history/message.ts'
import { branchPrefix, remotePrefix, shortRefName, tagPrefix } from '../../history/refs.ts'
import type { ObjectReader } from '../../store/interface.ts'

/** Commits that the message of a squash names. */
const namedMax = 100

interface Named {
  readonly ref: string | null
  /** As it was typed. */
  readonly revision: string
}

export function defaultMessage(their: Named, into: string): string {
  const target = shortRefName(into)
  const merged = `Merge ${nameOf(their)}`
  return target === 'main' || target === 'HEAD' ? merged : `${merged} into ${target}`
}

/** A message that names the commits which are squashed, newest first. */
export async function squashMessage(
  reader: ObjectReader,
  { ours, theirs }: { readonly ours: Commit; readonly theirs: Commit },
  their: Named,
): Promise<string> {
  const lines: string[] = []
  for await (const commit of walkCommits(reader, [theirs.cid], { exclude: [ours.cid] })) {
    if (commit.parents.length > 1) continue
    const isEnough = lines.length === namedMax
    lines.push(isEnough ? 'and more' : `${shortCid(commit.cid)} ${subjectOf(commit.message)}`)
    if (isEnough) break
  }
  return [`Squash ${nameOf(their)}`, '', ...lines.map((line) => `- ${line}`)].join('\n')
}

function nameOf({ ref, revision }: Named): string {
  if (ref?.startsWith(branchPrefix)) return `branch '${shortRefName(ref)}'`
  if (ref?.startsWith(remotePrefix)) return `remote branch '${shortRefName(ref)}'`
  if (ref?.startsWith(tagPrefix)) return `tag '${shortRefName(ref)}'`
  return `commit '${revision}'`
}

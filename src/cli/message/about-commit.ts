// What the comments under a commit's message tell: where it goes, what is in it, what is left out.
import { emptyRevision } from '../../api/diff-ends.ts'
import type { CommitInfo, DiffOptions, DiffStat, Status } from '../../api/interface.ts'
import type { Repository } from '../../index.ts'
import { counted } from '../../base/size.ts'
import { alignedRows } from '../format/columns.ts'
import { shortId } from '../format/commit.ts'
import { changeText } from '../format/diff.ts'
import type { Context } from '../interface.ts'
import { visible } from '../visible.ts'

/** Paths told of each kind. */
const pathsMax = 100

export interface CommitAbout {
  readonly all: boolean
  /** Of these alone. */
  readonly paths?: DiffOptions['paths'] | undefined
  /** The commit that is replaced. */
  readonly amended: CommitInfo | null
}

/** The two ends of the difference that the commit will record. */
export function commitDiffEnds({ all, paths, amended }: CommitAbout, status: Status): DiffOptions {
  const parent = amended === null ? status.head : (amended.parents[0] ?? null)
  if (paths !== undefined) return { from: parent ?? emptyRevision, paths }
  return all ? { from: parent ?? emptyRevision } : { from: parent ?? emptyRevision, staged: true }
}

export async function aboutCommit(
  { operation }: Context,
  repo: Repository,
  about: CommitAbout,
  status: Status,
): Promise<string[]> {
  const { branch, head, merging, unstaged, untracked } = status
  const lines = [branch === null ? `HEAD detached at ${shortId(head ?? '')}` : `on branch ${visible(branch)}`]
  if (head === null) lines.push('the first commit')
  if (about.amended !== null) lines.push(`replaces ${shortId(about.amended.id)}`)
  if (merging !== null) lines.push(`${merging.kind} of ${shortId(merging.theirs)}`)
  const stats: string[][] = []
  let more = 0
  for await (const stat of repo.diffStat({ ...operation, ...commitDiffEnds(about, status) })) {
    if (stats.length < pathsMax) stats.push([`  ${pathText(stat)}`, changeText(stat)])
    else more++
  }
  lines.push(...section('to be committed:', alignedRows(stats), more))
  if (merging !== null) lines.push(...(await resolvedLines(repo)))
  if (!about.all)
    lines.push(
      ...pathSection(
        'changed, not staged:',
        unstaged.map(({ path }) => path),
      ),
    )
  return [...lines, ...pathSection('untracked:', untracked)]
}

function pathText({ path, from }: DiffStat): string {
  return from === undefined ? visible(path) : `${visible(from)} => ${visible(path)}`
}

async function resolvedLines(repo: Repository): Promise<string[]> {
  const counts = new Map<string, number>()
  for await (const { path } of repo.conflicts({ resolved: true }))
    counts.set(path, (counts.get(path) ?? 0) + 1)
  const rows = [...counts].map(([path, count]) => [`  ${visible(path)}`, counted(count, 'conflict')])
  return section('conflicts, resolved:', alignedRows(rows.slice(0, pathsMax)), rows.length - pathsMax)
}

function pathSection(title: string, paths: readonly string[]): string[] {
  const shown = paths.slice(0, pathsMax).map((path) => `  ${visible(path)}`)
  return section(title, shown, paths.length - pathsMax)
}

function section(title: string, lines: readonly string[], more: number): string[] {
  if (lines.length === 0) return []
  return ['', title, ...lines, ...(more > 0 ? [`  and ${counted(more, 'more path')}`] : [])]
}

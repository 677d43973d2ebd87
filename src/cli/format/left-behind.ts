// What is said of commits that no branch has, when HEAD leaves them.
import type { CommitInfo } from '../../api/interface.ts'
import { counted } from '../../base/size.ts'
import type { Output } from '../output.ts'
import { commitLine, shortId } from './commit.ts'

const toldMax = 5

export function warnOfLeft(out: Output, left: readonly CommitInfo[]): void {
  if (left.length === 0) return
  out.warn(`${counted(left.length, 'commit')} left behind that no branch has`)
  for (const commit of left.slice(0, toldMax)) out.warn(`  ${commitLine(commit, out.paint)}`)
  if (left.length > toldMax) out.warn(`  and ${left.length - toldMax} more`)
  out.hint(`'varve branch NAME ${shortId(left[0]!.id)}' keeps them; the reflog knows them for a while`)
}

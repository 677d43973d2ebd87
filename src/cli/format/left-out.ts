// What a command did not take, by name and with the reason: the first few, for there may be thousands.
import { counted } from '../../base/size.ts'
import type { Output } from '../output.ts'
import { visible } from '../visible.ts'

const toldMax = 5

/** `reason` completes a sentence that begins with 'it': 'is a repository of its own'. */
export function warnOfLeftOut(
  out: Output,
  left: readonly { readonly path: string; readonly reason: string }[],
): void {
  for (const { path, reason } of left.slice(0, toldMax))
    out.warn(`'${visible(path)}' is left out: it ${visible(reason)}`)
  const more = left.length - toldMax
  if (more > 0) out.warn(`${counted(more, 'more path')} left out for such reasons`)
}

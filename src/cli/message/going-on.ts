// How to go on once no conflict is left.
import type { Repository } from '../../index.ts'
import { verbOf } from '../../repo/merging/verb.ts'
import type { Context } from '../interface.ts'

export async function hintAtContinuing(out: Context['out'], repo: Repository): Promise<void> {
  const merging = await repo.merging()
  if (merging !== null) out.hint(`'varve ${verbOf(merging.kind)} --continue' commits`)
}

// How to go on once no conflict is left: by the command that is under way.
import type { Repository } from '../../index.ts'
import type { Context } from '../interface.ts'

export async function hintAtContinuing(out: Context['out'], repo: Repository): Promise<void> {
  const kind = (await repo.merging())?.kind
  const verb = kind === 'cherry-pick' || kind === 'revert' || kind === 'rebase' ? kind : 'merge'
  out.hint(`'varve ${verb} --continue' commits`)
}

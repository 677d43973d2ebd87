// Changes that are not committed, and what a merge, pull or rebase does with them: the option, and what is said of it.
import type { MergeResult } from '../../api/interface.ts'
import type { OptionSpecs } from '../interface.ts'
import type { Output } from '../output.ts'

export const autostashOption: OptionSpecs = {
  autostash: {
    type: 'flag',
    about:
      'stash uncommitted changes first, and apply them afterwards; during a conflict they wait in a stash',
  },
}

/** What became of changes that were not committed. */
export function printAutostash(out: Output, autostash: MergeResult['autostash']): void {
  if (autostash === undefined || out.json) return
  const { outcome, stash } = autostash
  if (outcome === 'kept') out.say('your changes are in the files again')
  else if (outcome === 'waiting') out.say(`your changes wait in '${stash}' until it is over`)
  else {
    out.warn(`your changes conflict with what is here now: they stay in '${stash}'`)
    out.hint(
      `'varve show ${stash}' shows them; 'varve cherry-pick -n ${stash}' brings them with the conflicts`,
    )
  }
}

import type { Command } from '../interface.ts'
import { pickJson, pickOptions, runPick } from '../pick.ts'

export const command: Command = {
  usage: ['revert [-n] [-e | --no-edit] REV', 'revert --continue [-e | --no-edit] | --abort [-f]'],
  description:
    'Makes a commit that takes back what REV did to its parent; what came after stays. Rows and cells are taken back one by\none, and what has changed since is a conflict, as in a merge.\nOn a terminal an editor opens for the message.',
  options: pickOptions,
  examples: [
    ['varve revert HEAD', 'take back the last commit, visibly'],
    ['varve revert --no-commit HEAD~3', 'stage the reversal of an older one'],
  ],
  json: pickJson,
  run: (context) => runPick(context, 'revert', (repo, revision, options) => repo.revert(revision, options)),
}

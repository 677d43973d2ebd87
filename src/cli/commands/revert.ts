import type { Command } from '../interface.ts'
import { pickJson, pickOptions, runPick } from '../pick.ts'

export const command: Command = {
  usage: [
    'revert [-n] [-m PARENT] [-e | --no-edit] REV...',
    'revert --continue [-e | --no-edit] | --skip [-f] | --abort [-f] | --quit',
  ],
  description:
    'Makes a commit that takes back what REV did to its parent; what came after stays. Several are taken back one after the\nother, those of a range A..B newest first. Rows and cells are taken back one by one, and what has changed since is a\nconflict, as in a merge: it stops there with exit code 21, and what is left is remembered until --continue.\nOn a terminal an editor opens for each message.',
  options: pickOptions,
  examples: [
    ['varve revert HEAD', 'take back the last commit, visibly'],
    ['varve revert v1..HEAD', 'all since v1, a commit for each'],
    ['varve revert -m 1 HEAD', 'what a merge brought in'],
    ['varve revert --no-commit HEAD~3..HEAD', 'stage the reversal of the last three as one change'],
  ],
  json: pickJson,
  run: (context) => runPick(context, 'revert', (repo, revisions, options) => repo.revert(revisions, options)),
}

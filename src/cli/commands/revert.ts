import type { Command } from '../interface.ts'
import { pickJson, pickOptions, runPick } from '../pick.ts'

export const command: Command = {
  usage: [
    'revert [-n] [-m PARENT] [-e | --no-edit] REV...',
    'revert --continue [-e | --no-edit] | --skip [-f] | --abort [-f] | --quit',
  ],
  description:
    'Makes a commit that reverses what REV did to its parent; what came after it stays. Several commits\nare reverted one after the other, those of a range A..B newest first. Tables are reverted by row and\ncell. What has changed since then is a conflict, as in a merge: the command stops with exit code 21,\nand the remaining commits wait for --continue. On a terminal an editor opens for each message.',
  options: pickOptions,
  examples: [
    ['varve revert HEAD', 'take back the last commit, visibly'],
    ['varve revert v1..HEAD', 'all commits since v1, with a commit for each'],
    ['varve revert -m 1 HEAD', 'revert what a merge brought in'],
    ['varve revert --no-commit HEAD~3..HEAD', 'stage the reversal of the last three as one change'],
  ],
  json: pickJson,
  run: (context) => runPick(context, 'revert', (repo, revisions, options) => repo.revert(revisions, options)),
}

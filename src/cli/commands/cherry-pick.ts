import type { Command } from '../interface.ts'
import { pickJson, pickOptions, runPick } from '../pick.ts'

export const command: Command = {
  usage: [
    'cherry-pick [--no-commit] [-e | --no-edit] REV',
    'cherry-pick --continue [-e | --no-edit] | --abort [-f]',
  ],
  description:
    'Does again on the current branch what REV did to its parent, keeping its author. What clashes is a conflict, as in a\nmerge.',
  options: pickOptions,
  examples: [
    ['varve cherry-pick cleanup', 'the last commit of another branch'],
    ['varve cherry-pick --no-commit v1~2', 'stage it without a commit'],
  ],
  json: pickJson,
  run: (context) =>
    runPick(context, 'cherry-pick', (repo, revision, options) => repo.cherryPick(revision, options)),
}

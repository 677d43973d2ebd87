import type { Command } from '../interface.ts'
import { pickJson, pickOptions, runPick } from '../pick.ts'

export const command: Command = {
  usage: [
    'cherry-pick [-n] [-x] [-e | --no-edit] REV',
    'cherry-pick --continue [-e | --no-edit] | --abort [-f]',
  ],
  description:
    'Does again on the current branch what REV did to its parent, keeping its author. What clashes is a conflict, as in a\nmerge.',
  options: {
    ...pickOptions,
    'name-origin': { type: 'flag', short: 'x', about: 'let the message say which commit it was' },
  },
  examples: [
    ['varve cherry-pick cleanup', 'the last commit of another branch'],
    ['varve cherry-pick -x 1f2e3d', 'a fix for a released version, saying where it comes from'],
    ['varve cherry-pick --no-commit v1~2', 'stage it without a commit'],
  ],
  json: pickJson,
  run: (context) =>
    runPick(context, 'cherry-pick', (repo, revision, options) =>
      repo.cherryPick(revision, { ...options, nameOrigin: context.arguments.flag('name-origin') }),
    ),
}

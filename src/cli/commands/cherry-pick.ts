import type { Command } from '../interface.ts'
import { pickJson, pickOptions, runPick } from '../pick.ts'

export const command: Command = {
  usage: [
    'cherry-pick [-n] [-x] [-m PARENT] [-e | --no-edit] REV...',
    'cherry-pick --continue [-e | --no-edit] | --skip [-f] | --abort [-f] | --quit',
  ],
  description:
    "Does again on the current branch what each REV did to its parent, keeping its author: one commit after the other, those\nof a range A..B oldest first. What clashes is a conflict, as in a merge: it stops there with exit code 21, and what is\nleft is remembered until --continue. What changes nothing here is left out, and told. Without commits ('-n') several are\nstaged as one change, or none of them.",
  options: {
    ...pickOptions,
    'name-origin': { type: 'flag', short: 'x', about: 'let the message say which commit it was' },
  },
  examples: [
    ['varve cherry-pick cleanup', 'the last commit of another branch'],
    ['varve cherry-pick main..cleanup', 'all that main has not, oldest first'],
    ['varve cherry-pick -x 1f2e3d', 'a fix for a released version, saying where it comes from'],
    ['varve cherry-pick --skip', 'go on without the commit that clashed'],
    ['varve cherry-pick --no-commit v1~2', 'stage it without a commit'],
  ],
  json: pickJson,
  run: (context) =>
    runPick(context, 'cherry-pick', (repo, revisions, options) =>
      repo.cherryPick(revisions, { ...options, nameOrigin: context.arguments.flag('name-origin') }),
    ),
}

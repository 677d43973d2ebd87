import type { Command } from '../interface.ts'
import { pickJson, pickOptions, runPick } from '../pick.ts'

export const command: Command = {
  usage: [
    'cherry-pick [-n] [-x] [-m PARENT] [-e | --no-edit] REV...',
    'cherry-pick --continue [-e | --no-edit] | --skip [-f] | --abort [-f] | --quit',
  ],
  description:
    'Applies to the current branch what each REV did to its parent, and keeps its author: one commit\nafter the other, those of a range A..B oldest first. On a conflict, as in a merge, the command stops\nwith exit code 21, and the remaining commits wait for --continue. A commit that changes nothing here\nis left out, and named. With -n several commits are staged as one change; if one has a conflict,\nnone is.',
  options: {
    ...pickOptions,
    'name-origin': { type: 'flag', short: 'x', about: "add the original commit's id to the message" },
  },
  examples: [
    ['varve cherry-pick cleanup', 'the last commit of another branch'],
    ['varve cherry-pick main..cleanup', 'all commits that main does not have, oldest first'],
    ['varve cherry-pick -x 1f2e3d', 'a fix for a released version, with the original id in the message'],
    ['varve cherry-pick --skip', 'skip the commit with conflicts, and go on'],
    ['varve cherry-pick --no-commit v1~2', 'stage it without a commit'],
  ],
  json: pickJson,
  run: (context) =>
    runPick(context, 'cherry-pick', (repo, revisions, options) =>
      repo.cherryPick(revisions, { ...options, nameOrigin: context.arguments.flag('name-origin') }),
    ),
}

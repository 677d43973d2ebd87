import { shortId } from '../format/commit.ts'
import { warnOfLeft } from '../format/left-behind.ts'
import type { Command, Context } from '../interface.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['switch BRANCH', 'switch -', 'switch -c BRANCH [START]', 'switch --detach REV'],
  description:
    "Goes to another branch and writes its files. Uncommitted changes are kept if the switch does not\ntouch their files; otherwise it is refused. If only a remote has BRANCH, a branch that follows it is\nmade. '-' is the previous branch. If you leave commits that no branch has, they are named.",
  options: {
    create: { type: 'flag', short: 'c', about: 'make the branch, at START or HEAD' },
    'force-create': { type: 'flag', short: 'C', about: 'make it, or move it if it exists' },
    detach: { type: 'flag', short: 'd', about: 'go to a commit, without a branch' },
    'discard-changes': {
      type: 'flag',
      aliases: ['force'],
      short: 'f',
      about: 'throw away uncommitted changes',
    },
  },
  examples: [
    ['varve switch main', 'go to main'],
    ['varve switch -', 'go back to where you came from'],
    ['varve switch -c cleanup', 'make a branch here and go to it'],
    ['varve switch --detach v1', 'look at the files of v1'],
  ],
  json: '{ branch: string | null; head: string | null; left: CommitInfo[] }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.exclusive('create', 'force-create', 'detach')
  const create = given.flag('create') || given.flag('force-create')
  given.expectWords(given.flag('detach') ? 0 : 1, create ? 2 : 1, 'BRANCH')
  const repo = await repository()
  const [target = 'HEAD', startPoint] = given.words
  const discard = given.flag('discard-changes')
  const force = given.flag('force-create')
  const moved = force && (await repo.branches()).some(({ name }) => name === target)
  const result = await repo.switch(target, {
    ...operation,
    create,
    force,
    detach: given.flag('detach'),
    discard,
    ...(startPoint === undefined ? {} : { startPoint }),
  })
  out.result(result, () => {
    if (result.branch === null) out.say(`HEAD is at ${shortId(result.head ?? '')}, on no branch`)
    else out.say(`on ${create && !moved ? 'new ' : ''}branch ${visible(result.branch)}`)
    warnOfLeft(out, result.left)
  })
  return 0
}

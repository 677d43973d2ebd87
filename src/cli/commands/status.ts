import type { Command, Context } from '../interface.ts'
import { fromRepositoryPath } from '../paths.ts'
import { printShortStatus, printStatus } from '../format/status.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['status [--short]'],
  description:
    'Shows the branch and how it stands to its remote, what the next commit will hold, what has changed since, what is not\nversioned, what cannot be (other repositories, pipes, what a partial clone did not take), and a merge that is under way.',
  options: {
    short: {
      type: 'flag',
      short: 's',
      about: "one line a path: git's two letters, staged and not staged; UU: conflicts",
    },
  },
  examples: [
    ['varve status', 'what has changed'],
    ['varve status -s', 'one line a path'],
    ['varve status --json', 'the same for a script'],
  ],
  json: "{ branch: string | null; head: string | null; upstream: { name: string; ahead: number; behind: number } | null; staged: PathChange[]; unstaged: PathChange[]; untracked: string[]; skipped: { path: string; reason: string }[]; unmerged: { path: string; conflicts: number }[]; merging: { kind: 'merge' | 'squash' | 'cherry-pick' | 'revert' | 'rebase'; theirs: string; message: string; conflicts: number; rebase?: { branch: string | null; onto: string; done: number; total: number }; sequence?: { done: number; total: number } } | null; bisecting: BisectInfo (of BisectResult all but the last three) | null; configFault: string | null; behindBranch: boolean }",
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(0, 0, '')
  const repo = await repository()
  const status = await repo.status(operation)
  const print = given.flag('short') ? printShortStatus : printStatus
  if (!out.json && status.configFault !== null)
    out.warn(`nothing can be added: ${visible(status.configFault)}`)
  out.result(status, () => print(out, status, (path) => fromRepositoryPath(repo.root, path)))
  return 0
}

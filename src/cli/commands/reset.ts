import { usage } from '../arguments.ts'
import { shortId, subjectOf } from '../format/commit.ts'
import type { Command, Context } from '../interface.ts'

export const command: Command = {
  usage: ['reset [--soft | --mixed | --hard] [REV]'],
  description:
    'Sets the current branch to REV (default: HEAD). --soft leaves what is staged, --mixed (the default) stages REV and\nleaves the files, --hard makes the files as in REV and throws away all changes. To unstage one file, use\n`varve restore --staged`.',
  options: {
    soft: { type: 'flag', about: 'move the branch alone' },
    mixed: { type: 'flag', about: 'set back what is staged too' },
    hard: { type: 'flag', about: 'set back the files too: changes that no commit has are lost' },
  },
  examples: [
    ['varve reset --soft HEAD~1', 'take back the last commit, keep its changes staged'],
    ['varve reset --hard origin/main', 'make everything as the remote has it'],
  ],
  json: '{ head: string }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.exclusive('soft', 'mixed', 'hard')
  // As Git's `reset -- PATH` and `reset HEAD PATH`, which would move the branch here where a revision has that name.
  if (given.words.length > 1 || given.wordsBeforeDashes < given.words.length)
    throw usage(
      `'${given.words.at(-1)!}' is a path, and a reset is of whole commits`,
      "to take it out of what is staged: 'varve restore --staged PATH'",
    )
  const repo = await repository()
  const mode = given.flag('soft') ? 'soft' : given.flag('hard') ? 'hard' : 'mixed'
  const result = await repo.reset(given.words[0] ?? 'HEAD', { ...operation, mode })
  const { message } = await repo.commitInfo(result.head)
  out.result(result, () => out.say(`HEAD is now at ${shortId(result.head)} ${subjectOf(message)}`))
  return 0
}

import { shortId } from '../format/commit.ts'
import { localTimeText } from '../../base/time.ts'
import type { Command, Context } from '../interface.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['reflog [-n N] [REF]'],
  description:
    'Lists where HEAD, or the branch REF, has been, newest first, and by which operation. Each selector\nnames a revision: `varve show HEAD@{1}`.',
  options: {
    limit: { type: 'text', short: 'n', value: 'N', about: 'at most N entries; -5 is short for -n 5' },
  },
  examples: [
    ['varve reflog', 'what happened here'],
    ['varve reset --hard main@{1}', 'go back to the previous state of main'],
  ],
  json: '{ items: { selector: string; commit: string | null; operation: string; message: string; timeMs: number }[] }',
  numberOption: 'limit',
  pages: () => true,
  run,
}

async function run({ arguments: given, out, repository }: Context): Promise<number> {
  given.expectWords(0, 1, 'REF')
  const repo = await repository()
  const limit = given.number('limit')
  const ref = given.words[0]
  const entries = repo.reflog({
    ...(ref === undefined ? {} : { ref }),
    ...(limit === undefined ? {} : { limit }),
  })
  await out.items(entries, ({ selector, commit, operation, message, timeMs }) => {
    const id = out.paint('yellow', commit === null ? '--------' : shortId(commit))
    const time = out.verbose ? `  ${localTimeText(timeMs)}` : ''
    out.line(
      `${id} ${visible(selector)}${time}: ${visible(operation)}${message === '' ? '' : `: ${visible(message)}`}`,
    )
  })
  return 0
}

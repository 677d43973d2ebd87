// `varve log --links`: receipts of links instead of commits.
import type { Repository } from '../../index.ts'
import { loggedLines, receiptLine } from '../format/receipt.ts'
import type { Context } from '../interface.ts'
import { nameNames } from '../format/names.ts'
import { filterNames } from './choice.ts'

export async function logReceipts({ arguments: given, out }: Context, repo: Repository): Promise<number> {
  given.expectWords(0, 1, 'NAME')
  for (const other of [
    'stat',
    ...nameNames,
    'patch',
    'all',
    'key',
    'graph',
    'format',
    'reverse',
    ...filterNames,
  ])
    given.exclusive('links', other)
  const [link, limit] = [given.words[0], given.number('limit')]
  const receipts = repo.receipts({
    ...(link === undefined ? {} : { link }),
    ...(limit === undefined ? {} : { limit }),
  })
  const isShort = given.flag('oneline')
  await out.items(receipts, (receipt, index) => {
    if (isShort) return out.line(receiptLine(receipt, out.paint))
    if (index > 0) out.line()
    for (const line of loggedLines(receipt, out.paint)) out.line(line)
  })
  return 0
}

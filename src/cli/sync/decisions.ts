// What a person says about rows and tables that wait.
import { exitCodes } from '../../base/errors.ts'
import type { Receipt } from '../../index.ts'
import { usage } from '../arguments.ts'
import type { Context } from '../interface.ts'
import { printReceipts } from './reports.ts'

export const decisions: Readonly<Record<string, (context: Context) => Promise<number>>> = {
  resolve,
  retry,
  approve,
  discard,
}

async function resolve({ arguments: given, out, repository }: Context): Promise<number> {
  given.expectWords(2, 4, 'NAME')
  given.exclusive('ours', 'theirs')
  if (!given.flag('ours') && !given.flag('theirs'))
    throw usage("say whose rows count: '--ours' or '--theirs'")
  const [, name = '', table, key] = given.words
  const repo = await repository({ commits: true })
  const where = { ...(table === undefined ? {} : { table }), ...(key === undefined ? {} : { key }) }
  const settled = await repo.resolveSync(name, given.flag('ours') ? 'ours' : 'theirs', where)
  out.result({ items: settled }, () => {
    out.say(`settled ${settled.length} ${settled.length === 1 ? 'row' : 'rows'}`)
    out.hint(`the next round does it: varve sync ${name}`)
  })
  return 0
}

async function retry(context: Context): Promise<number> {
  const { arguments: given, operation, repository } = context
  given.expectWords(2, 2, 'NAME')
  const repo = await repository({ commits: true })
  return finish(context, await repo.retrySync(given.words[1]!, operation))
}

async function approve(context: Context): Promise<number> {
  const { arguments: given, operation, repository } = context
  given.expectWords(2, 3, 'NAME')
  const repo = await repository({ commits: true })
  const [, name = '', revision] = given.words
  const commit = revision === undefined ? {} : { commit: (await repo.commitInfo(revision)).id }
  return finish(context, await repo.approveSync(name, { ...operation, ...commit }))
}

async function discard({ arguments: given, out, repository }: Context): Promise<number> {
  given.expectWords(2, 2, 'NAME')
  const repo = await repository({ commits: true })
  const discarded = await repo.discardSync(given.words[1]!)
  out.result(discarded, () => {
    for (const { message } of discarded.stops) out.say(`discarded: ${message}`)
    out.hint(`the next round takes it back: varve sync ${discarded.link}`)
  })
  return 0
}

function finish(context: Context, receipt: Receipt): number {
  context.out.result({ items: [receipt] }, () => printReceipts(context, [receipt], 'round'))
  return codeOf([receipt])
}

/** Rows that wait for a person are the answer "conflicts", as in a merge. */
export function codeOf(receipts: readonly Receipt[]): number {
  return receipts.some(({ heldBack }) => heldBack.length > 0) ? exitCodes.VARVE_MERGE_CONFLICT : 0
}

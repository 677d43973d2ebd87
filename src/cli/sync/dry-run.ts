// `varve sync --dry-run`: what a round of each link would change on either side, row by row, and what it would end with.
import type { Link, LinkSyncOptions, Receipt, Repository, SyncPlan } from '../../index.ts'
import { toJson } from '../../table/json.ts'
import { listDiffs, printDiffs } from '../format/diff.ts'
import type { Context } from '../interface.ts'
import type { Output } from '../output.ts'
import { visible } from '../visible.ts'
import { codeOf } from './decisions.ts'
import { type LinkFailure, firstOf } from './link-faults.ts'
import { printReceipts } from './reports.ts'

export async function dryRounds(
  context: Context,
  repo: Repository,
  links: readonly Link[],
  options: LinkSyncOptions,
): Promise<number> {
  const { out } = context
  const receipts: Receipt[] = []
  const errors: LinkFailure[] = []
  for (const link of links) {
    let isPlanned = false
    const onPlan = async (plan: SyncPlan): Promise<void> => {
      isPlanned = true
      if (!out.json) return printPlan(out, link, plan)
      out.raw(receipts.length === 0 ? '{"items":[\n{"incoming":[' : ',\n{"incoming":[')
      await listDiffs(out, plan.incoming)
      out.raw('],"outgoing":[')
      await listDiffs(out, plan.outgoing)
    }
    try {
      // Tried again, it would print again.
      const receipt = await repo.sync(link.name, { ...options, onPlan, retries: 0 })
      if (out.json) printJson(out, receipt, isPlanned, receipts.length === 0)
      else printReceipts(context, [receipt], 'status')
      receipts.push(receipt)
    } catch (error) {
      errors.push({ link: link.name, error })
    }
  }
  if (out.json && (receipts.length > 0 || errors.length === 0))
    out.raw(receipts.length === 0 ? '{"items":[]}\n' : '\n]}\n')
  if (errors.length > 0) throw firstOf(context, errors, links)
  return codeOf(receipts)
}

function printJson(out: Output, receipt: Receipt, isPlanned: boolean, isFirst: boolean): void {
  if (!isPlanned) out.raw(`${isFirst ? '{"items":[' : ','}\n{"incoming":[],"outgoing":[`)
  out.raw(`],${toJson(receipt).slice(1)}`)
}

async function printPlan(out: Output, { name }: Link, { incoming, outgoing }: SyncPlan): Promise<void> {
  for (const [diffs, where] of [
    [incoming, 'would come into the branch'],
    [outgoing, 'would be written to the endpoint'],
  ] as const) {
    const title = `${visible(name)}: ${where}`
    await printDiffs(
      out,
      withTitle(diffs, () => out.line(out.paint('cyan', title))),
    )
  }
}

/** Prints a title before the first item; nothing is printed when there are no items. */
async function* withTitle<T>(items: AsyncIterable<T>, print: () => void): AsyncGenerator<T> {
  let isFirst = true
  for await (const item of items) {
    if (isFirst) print()
    isFirst = false
    yield item
  }
}

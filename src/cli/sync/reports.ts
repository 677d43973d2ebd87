// What the last rounds of links did, and what waits.
import type { HeldBack, Link, PendingSync, Receipt, Repository } from '../../index.ts'
import { usage } from '../arguments.ts'
import { shortId } from '../format/commit.ts'
import { receiptLines } from '../format/receipt.ts'
import { isoText } from '../../base/time.ts'
import type { Context } from '../interface.ts'
import { visible } from '../visible.ts'

/** Reasons that each report is about. */
const reported: Readonly<Record<string, readonly HeldBack['reason'][] | null>> = {
  status: null,
  conflicts: ['conflict', 'changed'],
  rejected: ['rejected'],
}

export const reports: readonly string[] = [...Object.keys(reported), 'pending']

export async function report(context: Context, what: string): Promise<number> {
  const { arguments: given, out, repository } = context
  given.expectWords(1, 2, '')
  const repo = await repository()
  const links = await chosenLinks(repo, given.words[1])
  if (what === 'pending') return reportPending(context, repo, links)
  const receipts: Receipt[] = []
  for (const { name } of links) {
    const receipt = await repo.lastSync(name)
    if (receipt !== null) receipts.push(receipt)
  }
  const reasons = reported[what] ?? null
  const shown = receipts.map((receipt) =>
    reasons === null
      ? receipt
      : { ...receipt, heldBack: receipt.heldBack.filter(({ reason }) => reasons.includes(reason)) },
  )
  out.result({ items: shown }, () => {
    printReceipts(context, shown, reasons === null ? 'all' : 'held-back')
    if (receipts.length === 0) out.hint("no round has been run yet: 'varve sync'")
    else if (reasons !== null && shown.every(({ heldBack }) => heldBack.length === 0)) out.say('no row waits')
  })
  return 0
}

async function reportPending({ out }: Context, repo: Repository, links: readonly Link[]): Promise<number> {
  const items: PendingSync[] = []
  for (const { name } of links) {
    const pending = await repo.pendingSync(name)
    if (pending !== null) items.push(pending)
  }
  out.result({ items }, () => {
    for (const { link, commit, sinceMs, stops } of items) {
      const since = isoText({ timeMs: sinceMs, zoneMinutes: 0 })
      out.line(`${visible(link)} waits since ${since}, commit ${shortId(commit)}`)
      for (const { table, message } of stops) out.line(`  ${visible(table)}: ${visible(message)}`)
    }
    const [first] = items
    if (first === undefined) out.say('nothing waits to be approved')
    else {
      out.hint(`see its rows: varve show ${shortId(first.commit)}`)
      out.hint(`then 'varve sync approve ${first.link}' or 'varve sync discard ${first.link}'`)
    }
  })
  return 0
}

export function printReceipts(
  { out }: Context,
  receipts: readonly Receipt[],
  what: 'all' | 'held-back',
): void {
  for (const receipt of receipts) for (const line of receiptLines(receipt, what)) out.line(line)
  const stopped = receipts.find(({ pending }) => pending !== null)
  if (stopped !== undefined)
    out.hint(`a guard has stopped something: 'varve sync pending ${stopped.link}' says what to do`)
}

export async function chosenLinks(repo: Repository, name: string | undefined): Promise<readonly Link[]> {
  const links = await repo.links()
  if (links.length === 0) throw usage('there are no links', "add one with 'varve link add'")
  if (name === undefined) return links
  const link = links.find((one) => one.name === name)
  if (link === undefined)
    throw usage(`no link '${name}'`, `there are: ${links.map((one) => one.name).join(', ')}`)
  return [link]
}

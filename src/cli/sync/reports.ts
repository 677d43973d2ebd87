// What the last rounds of links did, and what waits.
import type { HeldBack, HeldRow, Link, PendingSync, Receipt, Repository, SinceSync } from '../../index.ts'
import { VarveError } from '../../base/errors.ts'
import { shortId } from '../format/commit.ts'
import { heldRowLines, settledBy } from '../format/held-rows.ts'
import { receiptLines, waitsAsBefore } from '../format/receipt.ts'
import { isoText } from '../../base/time.ts'
import type { Context } from '../interface.ts'
import { linkNamed } from '../../sync/link-named.ts'
import { visible } from '../visible.ts'

interface Report {
  readonly reasons: readonly HeldBack['reason'][]
  readonly hint: (link: string, heldBack: readonly HeldRow[]) => string
}

/** Reasons that each report is about, and what can be done. */
const reported: Readonly<Record<string, Report>> = {
  conflicts: {
    reasons: ['conflict', 'changed'],
    hint: (link, heldBack) =>
      heldBack.every((row) => settledBy(row) !== null)
        ? `the next round carries that out: 'varve sync ${link}'`
        : heldBack.every(({ isClash }) => isClash === true)
          ? `the endpoint's table counts with 'varve sync resolve ${link} --theirs TABLE'; the branch's stays in its history`
          : `the branch's rows count with 'varve sync resolve ${link} --ours', the endpoint's with '--theirs'; TABLE KEY behind it names one`,
  },
  rejected: {
    reasons: ['rejected'],
    hint: (link, heldBack) =>
      heldBack.every(({ tooLarge }) => tooLarge !== undefined)
        ? 'a row that is too large is taken in when it is smaller there, or when a transform of the link omits the column'
        : heldBack.every(({ isEndpoint }) => isEndpoint === true)
          ? `why it cannot be written to: 'varve sync status ${link}'; the first round that may does it`
          : [`when the reason is gone: 'varve sync retry ${link}'`, ...waysOut(link, heldBack)].join('; '),
  },
}

function waysOut(link: string, heldBack: readonly HeldRow[]): string[] {
  const isRow = heldBack.some(({ branch, keyHex }) => branch !== undefined && keyHex !== '')
  return [
    ...(isRow ? [`the endpoint's row instead: 'varve sync resolve ${link} --theirs TABLE KEY'`] : []),
    ...(heldBack.some(isOfInbox)
      ? [`what came to an inbox is given up with 'varve sync resolve ${link} --ours'`]
      : []),
  ]
}

/** Whether it is an item of an inbox that could not become a row. */
function isOfInbox({ keyHex, tooLarge, isTable }: HeldBack): boolean {
  return keyHex === '' && tooLarge === undefined && isTable === undefined
}

export const reports: readonly string[] = ['status', ...Object.keys(reported), 'pending']

export async function report(context: Context, what: string): Promise<number> {
  const { arguments: given, out, repository } = context
  given.expectWords(1, 2, '')
  const repo = await repository()
  const links = await chosenLinks(repo, given.words.slice(1))
  if (what === 'pending') return reportPending(context, repo, links)
  const receipts: Receipt[] = []
  const notRun: Link[] = []
  for (const link of links) {
    const receipt = await repo.lastSync(link.name)
    if (receipt === null) notRun.push(link)
    else receipts.push(receipt)
  }
  if (what !== 'status') return reportHeld(context, repo, { receipts, ...reported[what]! })
  const items = await Promise.all(receipts.map(async (one) => ({ ...one, since: await repo.sinceSync(one) })))
  out.result({ items }, () => {
    printReceipts(context, receipts, 'status')
    for (const { link, since } of items) for (const line of sinceLines(link, since)) out.line(line)
    const behind = items.find(({ since }) => since.isCut || since.changed.length > 0)
    if (behind !== undefined) out.hint(`bring it in step: 'varve sync ${behind.link}'`)
    for (const { name, mode } of notRun)
      out.line(`${visible(name)} (${mode}), no round has been completed yet`)
    if (receipts.length === 0) out.hint(notYet)
  })
  return 0
}

function sinceLines(link: string, { isCut, changed }: SinceSync): string[] {
  const since = `${visible(link)}, since then:`
  return [
    ...(isCut ? [`${since} a round was cut short; the next one continues it`] : []),
    ...(changed.length > 0 ? [`${since} the branch has changed ${changed.map(visible).join(', ')}`] : []),
  ]
}

const notYet = "no round has been run yet: 'varve sync'"

async function reportHeld(
  { out }: Context,
  repo: Repository,
  what: Report & { readonly receipts: readonly Receipt[] },
): Promise<number> {
  const items: (Receipt & { readonly heldBack: readonly HeldRow[] })[] = []
  for (const receipt of what.receipts) {
    const held = await repo.heldRows(receipt.link)
    items.push({ ...receipt, heldBack: held.filter((row) => isReported(row, what.reasons)) })
  }
  out.result({ items }, () => {
    const waiting = items.filter(({ heldBack }) => heldBack.length > 0)
    for (const { link, heldBack } of waiting)
      for (const line of heldRowLines(link, heldBack, out.verbose)) out.line(line)
    if (items.length === 0) out.hint(notYet)
    else if (waiting.length === 0) out.say('no row waits')
    else out.hint(what.hint(waiting[0]!.link, waiting[0]!.heldBack))
  })
  return 0
}

function isReported({ reason, isClash }: HeldBack, reasons: readonly HeldBack['reason'][]): boolean {
  return reasons.includes(reason) || (isClash === true && reasons.includes('conflict'))
}

async function reportPending({ out }: Context, repo: Repository, links: readonly Link[]): Promise<number> {
  const items: PendingSync[] = []
  const waiting: string[] = []
  for (const { name } of links) {
    const pending = await repo.pendingSync(name)
    if (pending !== null) items.push(pending)
    for (const { reason, table, message } of (await repo.lastSync(name))?.heldBack ?? [])
      if (reason === 'schema' && pending?.stops.some((stop) => stop.table === table) !== true)
        waiting.push(`${visible(name)}: ${visible(table)} waits by itself: ${visible(message)}`)
  }
  out.result({ items }, () => {
    for (const { link, commit, sinceMs, stops } of items) {
      const since = isoText({ timeMs: sinceMs, zoneMinutes: 0 })
      out.line(`${visible(link)} waits since ${since}, commit ${shortId(commit)}`)
      for (const { table, message } of stops) out.line(`  ${visible(table)}: ${visible(message)}`)
    }
    for (const line of waiting) out.line(line)
    const [first] = items
    if (first === undefined) {
      if (waiting.length === 0) out.say('nothing waits to be approved')
      else out.hint('a table that waits continues when the reason is gone')
    } else {
      out.hint(`see its rows: varve show ${shortId(first.commit)}`)
      out.hint(`then 'varve sync approve ${first.link}' or 'varve sync discard ${first.link}'`)
    }
  })
  return 0
}

/** 'round': of a round that has just ended, with what to do about it. `last`: of each link, what was printed before. */
export function printReceipts(
  { out }: Context,
  all: readonly Receipt[],
  what: 'round' | 'status',
  last: ReadonlyMap<string, Receipt> = new Map(),
): void {
  for (const receipt of all)
    for (const line of receiptLines(receipt, out.verbose, last.get(receipt.link))) out.line(line)
  const receipts = all.filter((receipt) => {
    const before = last.get(receipt.link)
    return before === undefined || !waitsAsBefore(receipt, before)
  })
  const stopped = receipts.find(({ pending }) => pending !== null)
  if (stopped !== undefined)
    out.hint(`a guard has stopped something: 'varve sync pending ${stopped.link}' says what to do`)
  if (what === 'status') return
  for (const [report, { reasons }] of Object.entries(reported)) {
    const held = receipts.find(({ heldBack }) => heldBack.some((row) => isReported(row, reasons)))
    if (held !== undefined) out.hint(`see what waits, and why: 'varve sync ${report} ${held.link}'`)
  }
  const unread = receipts.filter(
    ({ pending, heldBack }) =>
      pending === null && heldBack.some(({ reason, isClash }) => reason === 'schema' && isClash !== true),
  )
  if (unread.length > 0) {
    out.hint('a table that waits continues when the reason is gone; all others have continued')
  }
}

/** The links of these names, or all; `words`: what may stand in the place of a name. */
export async function chosenLinks(
  repo: Repository,
  names: readonly string[],
  words: readonly string[] = [],
): Promise<readonly Link[]> {
  const links = await repo.links()
  if (names.length > 0) return [...new Set(names.map((name) => linkNamed(links, name, words)))]
  if (links.length === 0) {
    throw new VarveError('VARVE_NOT_POSSIBLE', 'there are no links', {
      hint: "add one with 'varve link add'",
    })
  }
  return links
}

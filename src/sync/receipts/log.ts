// The log of a link's receipts: a chain of commits without files, each with a receipt in its `extra`, so that it is named
// by its content, is only ever added to, and goes along with the branch to other repositories. A round that did nothing,
// and came to the same end as the one before, adds nothing: a link that is quiet for a year has a short log.
import { type Cid, type CommitCid, digestHex } from '../../encoding/cid.ts'
import { isAncestor, walkCommits } from '../../history/ancestry.ts'
import type { Commit } from '../../history/interface.ts'
import { receiptLogsOf, receiptsRef } from '../../history/refs.ts'
import { operatorOf, withWriter } from '../../repo/context.ts'
import { emptyTreeOf } from '../../repo/empty.ts'
import type { Repo } from '../../repo/interface.ts'
import type { Manifest } from '../../store/interface.ts'
import type { HeldBack, LoggedReceipt, Receipt } from '../interface.ts'
import { linkCommit } from '../link-commit.ts'
import type { Round } from '../round.ts'
import { repeatedAtKey, linkObject } from '../state.ts'
import { readJson, writeJson } from '../stored-json.ts'

const heldBackLogged = 100
const field = 'receipt'
/** Between machines that share one log. */
const clockSkewMsMax = 3_600_000

type Entry = Omit<LoggedReceipt, 'id'>

/** The whole receipt of the last round; null before the first. */
export async function lastReceipt(repo: Repo, link: string): Promise<Receipt | null> {
  return (await lastKept(repo, link))?.receipt ?? null
}

async function lastKept(repo: Repo, link: string): Promise<{ object: Cid; receipt: Receipt } | null> {
  const manifest = await repo.store.manifest()
  const object = manifest.refs.get(linkObject(link, 'receipt'))
  if (object === undefined) return null
  const receipt = (await readJson(repo.store, object)) as Receipt
  return { object, receipt: { ...receipt, ...timesAgain(manifest, link, object) } }
}

export async function rememberReceipt(round: Pick<Round, 'repo' | 'link'>, receipt: Receipt): Promise<void> {
  const { repo, link } = round
  const kept = await lastKept(repo, link.name)
  if (kept !== null && isSame(kept.receipt, receipt) && (await rememberTimes(repo, receipt, kept.object)))
    return
  const last = kept?.receipt ?? null
  const isNews = last === null || outcomeOf(last) !== outcomeOf(receipt) || hasMoved(receipt)
  await withWriter(repo, async (writer, nodes) => {
    const object = writeJson(writer, JSON.stringify(receipt))
    await repo.store.update(
      async (current) => {
        const refs = new Map([[linkObject(link.name, 'receipt'), object]])
        if (isNews || !current.refs.has(receiptsRef(link.name))) {
          const parents = await logHeads(repo, current, link.name)
          const tree = emptyTreeOf({ writer, nodes })
          const extra = { [field]: entryOf(receipt) }
          const message = `Receipt of '${link.name}'`
          refs.set(
            receiptsRef(link.name),
            await linkCommit(round, { writer, nodes }, { tree, parents, message, extra }),
          )
        }
        const message = `${link.name}: ${digestHex(object).slice(0, 12)}`
        return { refs, operation: { name: 'sync', message, author: operatorOf(repo, current) } }
      },
      { writer },
    )
  })
}

/**
 * Notes when a round was that ended exactly as the last one: one line of the configuration, which costs one manifest
 * and no object. False when that is not the last round any more.
 */
async function rememberTimes(
  repo: Repo,
  { link, startedMs, finishedMs }: Receipt,
  last: Cid,
): Promise<boolean> {
  let isLast = false
  await repo.store.update((current) => {
    isLast = current.refs.get(linkObject(link, 'receipt')) === last && current.refs.has(receiptsRef(link))
    if (!isLast) return null
    const hex = digestHex(last)
    const message = `${link}: ${hex.slice(0, 12)} again`
    return {
      config: new Map([[repeatedAtKey(link), JSON.stringify([hex, startedMs, finishedMs])]]),
      operation: { name: 'sync', message, author: operatorOf(repo, current) },
    }
  })
  return isLast
}

function timesAgain(manifest: Manifest, link: string, object: Cid): Partial<Receipt> {
  const [hex, startedMs, finishedMs] = JSON.parse(
    manifest.config.get(repeatedAtKey(link)) ?? '[]',
  ) as unknown[]
  const isOfIt = hex === digestHex(object) && typeof startedMs === 'number' && typeof finishedMs === 'number'
  return isOfIt ? { startedMs, finishedMs } : {}
}

function isSame(a: Receipt, b: Receipt): boolean {
  const words = (receipt: Receipt): string => JSON.stringify({ ...receipt, startedMs: 0, finishedMs: 0 })
  return words(a) === words(b)
}

/** Receipts from here and from what was fetched, newest first; without `known` and what it follows. */
export async function* receiptLog(
  repo: Repo,
  options: { readonly link?: string; readonly limit?: number; readonly known?: Cid | null },
): AsyncGenerator<LoggedReceipt> {
  const { link = null, limit = Number.POSITIVE_INFINITY, known = null } = options
  let count = 0
  const { refs } = await repo.store.manifest()
  const tips = receiptLogsOf(refs.keys(), link).map((ref) => refs.get(ref)!)
  const exclude = known === null ? [] : [known as CommitCid]
  for await (const commit of walkCommits(repo.store, [...new Set(tips)], { exclude })) {
    if (count++ >= limit) return
    const receipt = receiptOf(commit)
    if (receipt !== null) yield receipt
  }
}

/** The receipts which say that the branch was at this commit (hex), and the one that this commit itself is. */
export async function receiptsOf(repo: Repo, commit: string, madeMs: number): Promise<LoggedReceipt[]> {
  const { refs } = await repo.store.manifest()
  const found = new Map<string, LoggedReceipt>()
  for (const ref of receiptLogsOf(refs.keys(), null)) {
    for await (const entry of walkCommits(repo.store, [refs.get(ref)!])) {
      const receipt = receiptOf(entry)
      // No round ended at a commit that was not there yet.
      if (receipt === null || receipt.finishedMs < madeMs - clockSkewMsMax) break
      if (receipt.commit === commit || receipt.id === commit) found.set(receipt.id, receipt)
    }
  }
  return [...found.values()]
}

/** The receipt that a commit holds; null when it is not a commit of the log. */
function receiptOf({ cid, extra }: Pick<Commit, 'cid' | 'extra'>): LoggedReceipt | null {
  const entry = extra[field]
  if (typeof entry !== 'object' || entry === null) return null
  return { ...(entry as Entry), id: digestHex(cid) }
}

/**
 * The heads of a link's log. When several repositories work for one link, their logs join as soon as they know of
 * each other.
 */
async function logHeads(repo: Repo, { refs }: Manifest, link: string): Promise<CommitCid[]> {
  const tips = [...new Set(receiptLogsOf(refs.keys(), link).map((ref) => refs.get(ref)!))]
  const heads: CommitCid[] = []
  for (const tip of tips) {
    let isOld = false
    for (const other of tips) if (other !== tip && (await isAncestor(repo.store, tip, other))) isOld = true
    if (!isOld) heads.push(tip)
  }
  return heads
}

function hasMoved({ tables }: Receipt): boolean {
  return tables.some(({ captured, written }) =>
    [captured, written].some(({ added, changed, removed }) => added + changed + removed > 0),
  )
}

/** All that a receipt says about how a round ended, without when. */
function outcomeOf({ mode, tables, heldBack, commit, pending, notes, told }: Receipt): string {
  const held = heldBack.map(({ table, keyHex, reason }) => [table, keyHex, reason])
  return JSON.stringify([
    mode,
    tables.map(({ table, after }) => [table, after]),
    held,
    commit,
    pending,
    notes,
    told,
  ])
}

/** `keyHex` and `path` say which row of which tree it is, also to another repository. */
function heldEntry({ table, path, key, keyHex, reason }: HeldBack): Entry['heldBack'][number] {
  return { table, path, key, keyHex, reason }
}

function entryOf({ heldBack, ...receipt }: Receipt): Entry {
  const shown = heldBack.slice(0, heldBackLogged).map((row) => heldEntry(row))
  return { ...receipt, heldBack: shown, heldBackCount: heldBack.length }
}

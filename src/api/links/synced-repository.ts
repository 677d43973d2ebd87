// What rounds of links did, and what waits for a person: rows that were held back, tables that a guard stopped.
import { commandWord } from '../../base/command-word.ts'
import { VarveError } from '../../base/errors.ts'
import type { Followed } from '../../sync/pending/leave.ts'
import type { CommitInfo } from '../interface.ts'
import type * as t from './link-interface.ts'
import { LinkedRepository } from './linked-repository.ts'

export abstract class SyncedRepository extends LinkedRepository {
  /**
   * Receipts of rounds that did something, newest first, of one link or of all: those made here, and those that came
   * with fetched branches.
   */
  async *receipts(options: { link?: string; limit?: number } = {}): AsyncGenerator<t.LoggedReceipt> {
    const { receiptLog } = await import('../../sync/receipts/log.ts')
    yield* receiptLog(this.repo, options)
  }

  /** Receipts of rounds after which the branch was at this commit, and the one that the commit itself holds. */
  async receiptsOf(commit: CommitInfo): Promise<readonly t.LoggedReceipt[]> {
    const { receiptsOf } = await import('../../sync/receipts/log.ts')
    return receiptsOf(this.repo, commit.id, commit.committer.timeMs)
  }

  /** What the last round of a link did; null before the first. */
  async lastSync(name: string): Promise<t.Receipt | null> {
    const { lastReceipt } = await import('../../sync/receipts/log.ts')
    return lastReceipt(this.repo, name)
  }

  /** What has happened since that round: a later round that was cut short, and tables that the branch has changed. */
  async sinceSync(receipt: t.Receipt): Promise<t.SinceSync> {
    const link = await this.linkNamed(receipt.link)
    const { sinceSync } = await import('../../sync/since.ts')
    return sinceSync(this.repo, link, receipt)
  }

  /** Rows that the last round held back, as both sides last had them and as each has them now. */
  async heldRows(name: string): Promise<readonly t.HeldRow[]> {
    const link = await this.linkNamed(name)
    const { heldRows } = await import('../../sync/held/sides.ts')
    return heldRows(this.repo, link)
  }

  /**
   * Settles rows that the last round held back because both sides changed them: with 'ours' the next round writes
   * the branch's row, with 'theirs' the branch takes the endpoint's row now. For items of an inbox that cannot
   * become rows, 'ours' gives them up. Of rows that the endpoint refuses, 'theirs' gives up what the branch changed,
   * and only where their table is named. `key` is as `heldBack` shows it; without it, all rows are settled. A whole
   * table whose two shapes exclude each other can only be settled for 'theirs', and only by its name: the branch
   * then gets the endpoint's table.
   */
  async resolveSync(
    name: string,
    side: 'ours' | 'theirs',
    where: { table?: string; key?: string } = {},
  ): Promise<readonly t.HeldBack[]> {
    const link = await this.linkNamed(name)
    const waiting = (await this.isSink(link)) ? [] : ((await this.lastSync(name))?.heldBack ?? [])
    const rows = waiting.filter(
      (row) =>
        isMeant(row, where) &&
        (row.reason === 'conflict' ||
          (side === 'ours'
            ? isAside(row)
            : isNamedTable(row, where) || (isRefused(row) && where.table !== undefined))),
    )
    if (rows.length === 0) {
      const refused = waiting.find((row) => isRefused(row) && isMeant(row, where))
      if (refused !== undefined) throw refusedThere(name, refused)
      const isStopped = waiting.some(
        ({ reason, isClash }) => (reason === 'schema' && isClash !== true) || reason === 'guard',
      )
      throw new VarveError('VARVE_PATH_NOT_FOUND', `no such row of '${name}' waits`, {
        data: { name, ...where, waiting: waiting.length },
        hint: `see which do: 'varve sync conflicts ${name}'${isStopped ? `; what a guard has stopped: 'varve sync pending ${name}'` : ''}`,
      })
    }
    const [aside, clashing] = [rows.filter(isAside), rows.filter((row) => !isAside(row))]
    if (aside.length > 0) await this.dropAside(link, aside)
    if (clashing.length > 0) {
      const { settleHeldRows } = await import('../../sync/held/settle.ts')
      await settleHeldRows({ repo: this.repo, folder: this.folder, link, rows: clashing, side })
    }
    return rows
  }

  /**
   * Adds the links of a template: all of them, or none. `name` is the link's name, or the beginning of the links'
   * names.
   */
  async useLinkTemplate(template: string, name: string, use: t.TemplateUse): Promise<readonly t.Link[]> {
    const { linksOfTemplate } = await import('./link-templates.ts')
    const links: t.Link[] = []
    try {
      for (const one of linksOfTemplate(template, name, use)) {
        // What a pattern stands for at the first endpoint is what all of them keep in step.
        const tables = links[0]?.tables ?? one.setting.tables
        links.push(await this.addLink(one.name, { ...one.setting, tables }))
      }
    } catch (error) {
      for (const link of links) await this.removeLink(link.name, { force: true })
      throw error
    }
    return links
  }

  /** What guards have stopped; null when they stopped nothing. */
  async pendingSync(name: string): Promise<t.PendingSync | null> {
    const { pendingSync } = await import('../../sync/pending/approval.ts')
    await this.linkNamed(name)
    return pendingSync(this.repo, name)
  }

  /**
   * Runs a round that lets through what is pending, and nothing beyond it; where another process follows the link and its
   * log has one reader, that process runs it. `commit` names what was looked at.
   * @throws VarveError VARVE_PATH_NOT_FOUND when nothing is pending, VARVE_NOT_POSSIBLE when it is something else
   */
  async approveSync(
    name: string,
    options: t.OperationOptions & { commit?: string } = {},
  ): Promise<t.Receipt> {
    const pending = await this.pendingSync(name)
    if (pending === null) throw (await import('../../sync/pending/discard.ts')).nothingPending(name)
    const commit = options.commit ?? pending.commit
    const followed = await this.#followed(name, options)
    if (followed !== null) {
      const { leaveApproval } = await import('../../sync/pending/leave.ts')
      const receipt = await leaveApproval(this.repo, name, { commit, ...followed })
      if (receipt !== null) return receipt
    }
    return this.sync(name, { ...options, approve: commit })
  }

  /**
   * Runs a round that tries again what was rejected, also where neither side has changed since; where another process
   * follows the link and its log has one reader, that process runs it.
   */
  async retrySync(name: string, options: t.OperationOptions = {}): Promise<t.Receipt> {
    const followed = await this.#followed(name, options)
    if (followed !== null) {
      const { leaveRetry } = await import('../../sync/pending/leave.ts')
      const receipt = await leaveRetry(this.repo, name, followed)
      if (receipt !== null) return receipt
    }
    return this.sync(name, { ...options, retry: true })
  }

  /** A log that has one reader is read by whoever follows the link; null where nobody does. */
  async #followed(name: string, options: t.OperationOptions): Promise<Followed | null> {
    const isFollowed = async (): Promise<boolean> => {
      if (await this.isSink(await this.linkNamed(name))) return false
      const tested = await this.testLink(name, options).catch(() => null)
      return tested?.log.kept?.isActive === true
    }
    return (await isFollowed()) ? { isFollowed, signal: options.signal } : null
  }

  /** Discards what is pending: the next round takes it back on the side that did it. */
  async discardSync(name: string): Promise<t.PendingSync> {
    const { discardPending } = await import('../../sync/pending/discard.ts')
    return discardPending(this.repo, this.folder, await this.linkNamed(name))
  }
}

/** Whether `where` names a whole table that clashes. */
function isNamedTable({ isClash, table }: t.HeldBack, where: { table?: string; key?: string }): boolean {
  return isClash === true && where.table === table && where.key === undefined
}

function isMeant({ table, key }: t.HeldBack, where: { table?: string; key?: string }): boolean {
  return (where.table ?? table) === table && (where.key ?? key) === key
}

/** Whether it is a row that the branch has changed and the endpoint does not take. */
function isRefused({ reason, keyHex, tooLarge, isEndpoint }: t.HeldBack): boolean {
  return reason === 'rejected' && keyHex !== '' && tooLarge === undefined && isEndpoint !== true
}

function refusedThere(name: string, { table, key, message }: t.HeldBack): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `row ${key} of '${table}' is refused there: ${message}`, {
    data: { name, table, key },
    hint: `when the reason is gone: 'varve sync retry ${name}'; the endpoint's row instead: 'varve sync resolve ${name} --theirs ${commandWord(table)} ${commandWord(key)}'`,
  })
}

function isAside({ reason, keyHex, tooLarge, isTable }: t.HeldBack): boolean {
  return reason === 'rejected' && keyHex === '' && tooLarge === undefined && isTable === undefined
}

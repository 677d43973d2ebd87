// What waits in the file of an inbox: webhooks that were not read yet, and, put aside, those that had items which are no
// rows. Where reading has got to (`taken`) is noted in it when what was read is durable in the repository, not before.
import type { InboxFile } from './file.ts'
import { type BadItem, type ItemName, type KeptHook, type Place, isAfter } from './interface.ts'

/** A webhook may be a megabyte. */
const batchMax = 32
const idsKeptMs = 31 * 24 * 3_600_000

export interface InboxState {
  /** Id of the file: another file has another. */
  readonly id: string
  /** The link, and its repository, that reads it; null: none yet. */
  readonly reader: string | null
  readonly taken: Place
  readonly last: Place
}

/** A webhook that had items which are no rows. */
export interface HookPutAside extends Place {
  readonly id: string
  readonly items: readonly BadItem[]
}

export class WaitingHooks {
  readonly #file: InboxFile

  constructor(file: InboxFile) {
    this.#file = file
  }

  state(): Promise<InboxState> {
    const { database } = this.#file
    return this.#file.asked(() =>
      database.patiently(() => {
        const [[id, reader, seq, part]] = database.all(
          'SELECT id, reader, takenSeq, takenPart FROM inbox',
        ) as [[string, string | null, bigint, bigint]]
        const taken = { seq: Number(seq), part: Number(part) }
        const [newest] = database.all('SELECT seq, part FROM hooks ORDER BY seq DESC, part DESC LIMIT 1')
        const last = newest === undefined ? taken : { seq: Number(newest[0]), part: Number(newest[1]) }
        return { id, reader, taken, last: isAfter(taken, last) ? taken : last }
      }),
    )
  }

  /** The length of all webhooks that wait. */
  bytes(): Promise<number> {
    const { database } = this.#file
    return this.#file.asked(() =>
      database.patiently(() => Number(database.all('SELECT waitingBytes FROM inbox')[0]![0])),
    )
  }

  /** From now on the inbox belongs to this link in this repository; null: to nobody. */
  setReader(reader: string | null): Promise<void> {
    return this.#file.write(() => {
      this.#file.database.run('UPDATE inbox SET reader = ?', [reader])
    })
  }

  /** The webhooks after `from`, up to `until`. */
  async *read(from: Place, until: Place): AsyncGenerator<KeptHook> {
    const { database } = this.#file
    const behind =
      'seq, part, id, tableName, receivedMs, body, chosen, event FROM hooks WHERE (seq, part) > (?, ?)'
    for (let at = from; ;) {
      const values = [at.seq, at.part, until.seq, until.part, batchMax]
      const rows = await this.#file.asked(() =>
        database.patiently(() =>
          database.all(`SELECT ${behind} AND (seq, part) <= (?, ?) ORDER BY seq, part LIMIT ?`, values),
        ),
      )
      for (const [seq, part, id, table, receivedMs, body, chosen, event] of rows) {
        at = { seq: Number(seq), part: Number(part) }
        yield {
          ...at,
          id: id as string,
          table: table as string | null,
          event: event as string | null,
          receivedMs: Number(receivedMs),
          body: body as Uint8Array,
          chosen: chosen === null ? null : (JSON.parse(chosen as string) as ItemName[]),
        }
      }
      if (rows.length < batchMax) return
    }
  }

  /** Everything up to there is durable in the repository: it is taken out, but for what was put aside. */
  async taken({ seq, part }: Place): Promise<void> {
    const { database } = this.#file
    await this.#file.write(() => {
      database.run('DELETE FROM hooks WHERE (seq, part) <= (?, ?)', [seq, part])
      database.run('DELETE FROM ids WHERE receivedMs < ?', [Date.now() - idsKeptMs])
      database.run('UPDATE inbox SET takenSeq = ?, takenPart = ?', [seq, part])
      this.#count()
    })
  }

  aside(): Promise<HookPutAside[]> {
    const { database } = this.#file
    return this.#file.asked(() => database.patiently(() => this.#aside()))
  }

  /**
   * Puts webhooks aside that were read behind `from` and had items which are no rows; what was said of them before counts
   * no longer. What later items of its row leave of an item goes on waiting.
   */
  async putAside(
    from: Place,
    read: readonly HookPutAside[],
    left: (item: BadItem, at: Place) => BadItem | null,
  ): Promise<void> {
    const { database } = this.#file
    await this.#file.write(() => {
      database.run('DELETE FROM aside WHERE (seq, part) > (?, ?)', [from.seq, from.part])
      for (const one of [...this.#aside(), ...read]) {
        const items = one.items.flatMap((item) => left(item, one) ?? [])
        if (!this.#setItems(one, items))
          database.run(
            `INSERT INTO aside SELECT seq, part, id, tableName, receivedMs, body, ?, event FROM hooks WHERE (seq, part) = (?, ?)`,
            [JSON.stringify(items), one.seq, one.part],
          )
      }
    })
  }

  /** Those of the items that were put aside are read again, before anything that has come in since. */
  async retry(isWanted: (item: BadItem) => boolean): Promise<void> {
    const { database } = this.#file
    await this.#file.write(() => {
      const [[seq, part]] = database.all('SELECT takenSeq, takenPart FROM inbox') as [[bigint, bigint]]
      // What was read and not taken is read again anyway.
      database.run('DELETE FROM aside WHERE (seq, part) > (?, ?)', [seq, part])
      const wanted = this.#aside().filter(({ items }) => items.some(isWanted))
      for (const [i, one] of wanted.entries()) {
        const chosen = one.items.filter(isWanted).map(({ table, index, over }) => ({ table, index, over }))
        database.run(
          `INSERT INTO hooks SELECT ?, ?, id, tableName, receivedMs, body, ?, event FROM aside WHERE (seq, part) = (?, ?)`,
          [seq, part + BigInt(i) + 1n, JSON.stringify(chosen), one.seq, one.part],
        )
        this.#setItems(
          one,
          one.items.filter((item) => !isWanted(item)),
        )
      }
      this.#count()
    })
  }

  /** Gives up some of the items that were put aside. */
  async drop(isGivenUp: (item: BadItem, hook: HookPutAside) => boolean): Promise<void> {
    await this.#file.write(() => {
      for (const hook of this.#aside())
        this.#setItems(
          hook,
          hook.items.filter((item) => !isGivenUp(item, hook)),
        )
      this.#count()
    })
  }

  /** Sets the items of a webhook that was put aside; says whether it was there. */
  #setItems({ seq, part }: Place, items: readonly BadItem[]): boolean {
    const { database } = this.#file
    if (items.length === 0) database.run('DELETE FROM aside WHERE (seq, part) = (?, ?)', [seq, part])
    return (
      items.length === 0 ||
      database.run('UPDATE aside SET items = ? WHERE (seq, part) = (?, ?)', [
        JSON.stringify(items),
        seq,
        part,
      ]) > 0
    )
  }

  #aside(): HookPutAside[] {
    return this.#file.database
      .all('SELECT seq, part, id, items FROM aside ORDER BY seq, part')
      .map(([seq, part, id, items]) => ({
        seq: Number(seq),
        part: Number(part),
        id: id as string,
        items: JSON.parse(items as string) as BadItem[],
      }))
  }

  /** What is read and put aside counts twice until it is taken: for a moment, and on the safe side. */
  #count(): void {
    this.#file.database.exec(`UPDATE inbox SET
      waiting = (SELECT count(*) FROM hooks) + (SELECT count(*) FROM aside),
      waitingBytes = (SELECT coalesce(sum(length(body)), 0) FROM hooks) + (SELECT coalesce(sum(length(body)), 0) FROM aside)`)
  }
}

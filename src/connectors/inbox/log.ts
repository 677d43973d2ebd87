// An inbox as a log of changes: each webhook is a transaction, in the order of arrival. A reader belongs to one link in
// one repository, since what one has taken is gone for others. An item that cannot become a row is set aside before the
// position behind it is stored, so that it is never lost in between.
import { setTimeout as sleep } from 'node:timers/promises'
import { VarveError } from '../../base/errors.ts'
import type {
  AsideItem,
  ChangeLog,
  LogMark,
  LogPart,
  LogReader,
  LogStart,
  LogStatus,
  LostLog,
  ToldLog,
} from '../change-log.ts'
import type { EndpointTable } from '../interface.ts'
import type { InboxTable } from '../../dataset/interface.ts'
import type { ItemTable } from '../json/item-table.ts'
import { type HookItem, itemsOf } from './hook-items.ts'
import { type BadItem, type Place, isAfter } from './interface.ts'
import type { HookPutAside, WaitingHooks } from './waiting-hooks.ts'

const pollMs = 100

export interface InboxHome {
  readonly location: string
  readonly hooks: WaitingHooks
  /** As the link declares them. */
  readonly tables: readonly ItemTable<InboxTable>[]
}

export class InboxLog implements ChangeLog {
  readonly told: ToldLog
  readonly #home: InboxHome

  constructor(home: InboxHome) {
    this.#home = home
    const { hooks } = home
    this.told = {
      aside: async () => asideItems(await hooks.aside()),
      retry: (tables) =>
        hooks.retry(({ table, key }) => tables === undefined || (key !== null && tables.includes(table))),
      drop: (items) => {
        const names = new Set(items.map(({ table, name }) => `${table}\0${name}`))
        return hooks.drop((item, hook) => names.has(`${item.table}\0${itemName(hook, item)}`))
      },
    }
  }

  obstacle(): Promise<null> {
    return Promise.resolve(null)
  }

  async begin(name: string): Promise<LogStart> {
    const { hooks, location } = this.#home
    const { reader, taken } = await hooks.state()
    if (reader !== null && reader !== name) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `'${location}' is read by another: '${reader}'`, {
        data: { location, reader },
        hint: 'an inbox is of one link in one repository; if that is gone, move the file away, or give this link another',
      })
    }
    await hooks.setReader(name)
    return { position: positionText(name, taken), snapshot: noRows }
  }

  async open(tables: readonly EndpointTable[], { position }: LogMark): Promise<LogReader | LostLog> {
    const { hooks } = this.#home
    const at = positionOf(position)
    const { reader, taken } = await hooks.state()
    if (at === null || at.reader !== reader) return { lost: 'it is another inbox than before' }
    if (isAfter(taken, at))
      return { lost: `webhooks were taken out by a history that is not here: ${taken.seq - at.seq} or more` }
    // Kept here, and killed before that could be told.
    if (isAfter(at, taken)) await hooks.taken(at)
    return new InboxReader(this.#home, at.reader, at, new Set(tables.map(({ name }) => name)))
  }

  async status(position: string): Promise<LogStatus | null> {
    const { reader } = await this.#home.hooks.state()
    if (reader === null || positionOf(position)?.reader !== reader) return null
    return { name: reader, isActive: false, keptBytes: await this.#home.hooks.bytes(), trouble: null }
  }

  async end(position: string): Promise<void> {
    const { reader } = await this.#home.hooks.state()
    // What a link's transform had put before it is not asked for here.
    if (reader !== null && position.split(' ').includes(reader)) await this.#home.hooks.setReader(null)
  }
}

/** An item that is about a row. */
interface Saying extends Place {
  readonly index: number
  /** Columns; null: all. */
  readonly says: readonly string[] | null
}

class InboxReader implements LogReader {
  readonly #home: InboxHome
  readonly #name: string
  readonly #followed: ReadonlySet<string>
  #at: Place
  /** What was read behind `#at`: what is to be put aside of it, and who said what of each row. */
  #bad: HookPutAside[] = []
  #said = new Map<string, Saying[]>()

  constructor(home: InboxHome, name: string, at: Place, followed: ReadonlySet<string>) {
    this.#home = home
    this.#name = name
    this.#at = at
    this.#followed = followed
  }

  async now(): Promise<string> {
    return positionText(this.#name, (await this.#home.hooks.state()).last)
  }

  async *read(until: string, signal?: AbortSignal): AsyncGenerator<LogPart> {
    const { hooks, tables } = this.#home
    this.#bad = []
    this.#said.clear()
    for await (const hook of hooks.read(this.#at, positionOf(until)!)) {
      signal?.throwIfAborted()
      const { seq, part, id, receivedMs } = hook
      const items = itemsOf(tables, hook)
      const bad = items.flatMap((item): BadItem[] => {
        if (item.bad !== null) return [item.bad]
        return this.#followed.has(item.table) ? [] : [waitingItem(item)]
      })
      for (const item of items) this.#note(item, { seq, part })
      if (bad.length > 0) this.#bad.push({ seq, part, id, items: bad })
      yield {
        changes: items.flatMap(({ table, change }) =>
          change === null || !this.#followed.has(table) ? [] : [change],
        ),
        position: positionText(this.#name, hook),
        transaction: { id: `webhook ${id}`, committedMs: receivedMs },
      }
    }
  }

  putAside(): Promise<void> {
    return this.#home.hooks.putAside(this.#at, this.#bad, (item, at) => this.#left(item, at))
  }

  #note({ table, key, index, says }: HookItem, place: Place): void {
    if (key === null) return
    const name = `${table}\0${key}`
    const said = { ...place, index, says }
    const before = this.#said.get(name)
    // One that says all is over whatever came before it.
    if (before === undefined || says === null) this.#said.set(name, [said])
    else before.push(said)
  }

  /** What later items of the same row have left for it to say; null: nothing. */
  #left(item: BadItem, at: Place): BadItem | null {
    const said = item.key === null ? [] : (this.#said.get(`${item.table}\0${item.key}`) ?? [])
    const later = said.filter((one) => isAfter(one, at) || (!isAfter(at, one) && one.index > item.index))
    if (later.length === 0) return item
    if (later.some(({ says }) => says === null)) return null
    const over = [...new Set([...(item.over ?? []), ...later.flatMap(({ says }) => says!)])]
    return item.says?.every((column) => over.includes(column)) === true ? null : { ...item, over }
  }

  async wait(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { last } = await this.#home.hooks.state()
      if (isAfter(last, this.#at)) return
      await sleep(pollMs, undefined, { signal }).catch(() => undefined)
    }
  }

  async acknowledge(position: string): Promise<void> {
    this.#at = positionOf(position)!
    await this.#home.hooks.taken(this.#at)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

function waitingItem({ table, index, key, says, over }: HookItem): BadItem {
  const said = { ...(says === null ? {} : { says }), ...(over.length === 0 ? {} : { over }) }
  return { table, index, key, message: 'its table waits', ...said }
}

const noRows = {
  // oxlint-disable-next-line require-yield
  async *rows(): AsyncGenerator<never> {},
  digest: (): Promise<null> => Promise.resolve(null),
  close: (): Promise<void> => Promise.resolve(),
}

function asideItems(hooks: readonly HookPutAside[]): AsideItem[] {
  return hooks.flatMap((hook) =>
    hook.items.map((item) => ({ table: item.table, name: itemName(hook, item), message: item.message })),
  )
}

function itemName({ id }: HookPutAside, { index }: BadItem): string {
  return `webhook ${id}, item ${index + 1}`
}

function positionText(reader: string, { seq, part }: Place): string {
  return `${reader} ${seq}.${part}`
}

function positionOf(text: string): (Place & { readonly reader: string }) | null {
  const [, reader, seq, part] = /^(\S+) (\d{1,15})\.(\d{1,15})$/.exec(text) ?? []
  return reader === undefined ? null : { reader, seq: Number(seq), part: Number(part) }
}

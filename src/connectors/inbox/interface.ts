// An inbox keeps webhooks from the moment they are confirmed to their sender until what they hold is durable in the
// repository. It is an SQLite file, so that a webhook is kept once or not at all, and several processes may share it.

/** A webhook as its sender's signature vouches for it. */
export interface Hook {
  /** The sender's: the same when it sends it again. */
  readonly id: string
  /** The table that its address names; null: its contents say for which tables it is. */
  readonly table: string | null
  /** What happened, where the sender says so beside the body; null: it does not. */
  readonly event: string | null
  readonly body: Uint8Array
}

/** In the order in which they came. What is read again stands behind what was read before it, hence the second number. */
export interface Place {
  readonly seq: number
  readonly part: number
}

export interface KeptHook extends Hook, Place {
  readonly receivedMs: number
  /** null: all that is in it; else those of its items that could be no row before. */
  readonly chosen: readonly ItemName[] | null
}

export interface ItemName {
  readonly table: string
  /** Among the items that the webhook has for the table, from 0. */
  readonly index: number
  /** Columns that later items of the row have said: of these it says nothing any more. */
  readonly over?: readonly string[]
}

/** An item that is no row. */
export interface BadItem extends ItemName {
  /** Tells it from other rows of the table; null where it has no key. */
  readonly key: string | null
  /** Columns that it says something of, beside the key; unset: all. */
  readonly says?: readonly string[]
  /** Why, for people, and without what is in it. */
  readonly message: string
}

export function isAfter(a: Place, b: Place): boolean {
  return a.seq > b.seq || (a.seq === b.seq && a.part > b.part)
}

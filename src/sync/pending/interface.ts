// What a guard stopped, kept as a commit until somebody lets it through or discards it.
import type { Path } from '../../files/interface.ts'

/** One table that a guard stopped. */
export interface Stop {
  /**
   * 'deletes': many rows vanish, or all of them. 'identity': the endpoint is another database. 'restored': it has gone
   * back to an earlier state. 'schema': the table has changed its shape.
   */
  readonly guard: 'deletes' | 'identity' | 'restored' | 'schema'
  /** Who made the change. */
  readonly side: 'endpoint' | 'branch'
  readonly table: string
  readonly path: Path
  readonly message: string
  /** Where another table has taken the place of the known one: the schema that it is in. */
  readonly namespace?: string
}

/** `varve show refs/links/NAME/pending` shows its rows. */
export interface PendingSync {
  readonly link: string
  /** The commit that keeps it. */
  readonly commit: string
  readonly sinceMs: number
  readonly stops: readonly Stop[]
}

// An object that a writer has taken in and nobody else sees: first in a batch in memory, then in a pack's file.
import type { Codec } from '../../encoding/cid.ts'
import type { OpenBatch } from './open-batch.ts'
import type { PackFile } from './pack-file.ts'

export interface Pending {
  readonly digest: Uint8Array
  readonly codec: Codec
  batch: OpenBatch | null
  item: number
  /** Set when it is packed. */
  pack: PackFile | null
  offset: number
  length: number
  depth: number
}

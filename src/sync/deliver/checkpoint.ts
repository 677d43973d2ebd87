// How far a delivery has got, kept with the link's state: one that was cut short goes on there, and not at its first row.
// A receiver that holds fewer messages than a delivery has would otherwise never see its end. Rows are counted in the order in
// which they are sent. The last one's id is kept as well: where it is not found at its place again, all rows are sent.
import type { Path } from '../../files/interface.ts'
import { operatorOf } from '../../repo/context.ts'
import type { Repo } from '../../repo/interface.ts'
import type { Manifest } from '../../store/interface.ts'
import { sentKey } from '../state.ts'
import { type Progress, refuseOvertaken } from './state.ts'

/** Refused rows are part of it, and it is part of the manifest. */
const textLengthMax = 64 << 10

export interface Checkpoint {
  /** Of the delivery. */
  readonly delivery: string
  /** The first ones of the delivery, which the receiver has kept or refused. */
  readonly rows: number
  readonly lastId: string
  /** Those of them that it has refused. */
  readonly refused: readonly (readonly [path: Path, keyHex: string])[]
}

/** null: the delivery begins at its first row. */
export function readCheckpoint({ config }: Manifest, link: string, delivery: string): Checkpoint | null {
  const text = config.get(sentKey(link))
  if (text === undefined) return null
  try {
    const read = JSON.parse(text) as Checkpoint
    const isWhole =
      read.delivery === delivery &&
      Number.isSafeInteger(read.rows) &&
      read.rows > 0 &&
      typeof read.lastId === 'string' &&
      Array.isArray(read.refused)
    return isWhole ? read : null
  } catch {
    // A setting may be anybody's: it is worth no more than the rows that are sent again without it.
    return null
  }
}

/**
 * Nothing is kept where too many rows were refused. @throws VarveError VARVE_NOT_POSSIBLE when another worker has moved the
 * link's refs
 */
export async function writeCheckpoint(
  repo: Repo,
  link: string,
  recorded: Progress,
  checkpoint: Checkpoint,
): Promise<void> {
  const text = JSON.stringify(checkpoint)
  if (text.length > textLengthMax) return
  await repo.store.update((current) => {
    refuseOvertaken(current, link, recorded)
    return {
      config: new Map([[sentKey(link), text]]),
      operation: { name: 'sync', message: `${link}: deliver`, author: operatorOf(repo, current) },
    }
  })
}

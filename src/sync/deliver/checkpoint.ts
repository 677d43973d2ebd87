// How far a delivery has got, kept with the link's state: one that was cut short goes on there, and not at its first row.
// A receiver that holds fewer messages than a delivery has would otherwise never see its end. Rows are counted in the order in
// which they are sent. The last one's id is kept as well: where it is not found at its place again, all rows are sent.
import type { Path } from '../../files/interface.ts'
import { operatorOf, withWriter } from '../../repo/context.ts'
import type { Repo } from '../../repo/interface.ts'
import { linkObject } from '../state.ts'
import { readJson, writeJson } from '../stored-json.ts'
import { type Progress, refuseOvertaken } from './state.ts'

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
export async function readCheckpoint(
  { store }: Repo,
  link: string,
  delivery: string,
): Promise<Checkpoint | null> {
  const object = (await store.manifest()).refs.get(linkObject(link, 'sent'))
  if (object === undefined) return null
  const noted = (await readJson(store, object)) as Checkpoint
  return noted.delivery === delivery ? noted : null
}

/** @throws VarveError VARVE_NOT_POSSIBLE when another worker has moved the link's refs */
export async function writeCheckpoint(
  repo: Repo,
  link: string,
  recorded: Progress,
  checkpoint: Checkpoint,
): Promise<void> {
  await withWriter(repo, async (writer) => {
    const object = writeJson(writer, JSON.stringify(checkpoint))
    await repo.store.update(
      (current) => {
        refuseOvertaken(current, link, recorded)
        return {
          refs: new Map([[linkObject(link, 'sent'), object]]),
          operation: {
            name: 'sync',
            message: `${link}: delivered in part`,
            author: operatorOf(repo, current),
          },
        }
      },
      { writer },
    )
  })
}

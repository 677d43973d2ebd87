// Rows of a table under other keys, with all that is in them. No row is lost: one moves only to a key that no row has.
import { compareBytes, toHex } from '../../base/bytes.ts'
import type { Edit } from '../../prolly/interface.ts'
import type { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'

/** From one key to another. */
export interface Move {
  readonly from: Uint8Array
  readonly to: Uint8Array
}

/** The map after these moves, and which of them were possible. */
export async function movedRows<M extends Move>(
  io: Io,
  map: ProllyMap,
  moves: readonly M[],
): Promise<{ readonly map: ProllyMap; readonly moved: readonly M[] }> {
  const moved = await takenOnce(map, moves)
  const found = await map.getMany(moved.map(({ from }) => from))
  const edits = moved.flatMap(({ from, to }, i): Edit[] => {
    const { value, links } = found[i]!
    return [
      { key: from, value: null },
      { key: to, value, links },
    ]
  })
  const after = await map.mutate(
    io.writer,
    edits.sort((a, b) => compareBytes(a.key, b.key)),
  )
  await io.writer.drained()
  return { map: after, moved }
}

/** The moves that leave no row behind: of two that would meet, the first. */
async function takenOnce<M extends Move>(map: ProllyMap, moves: readonly M[]): Promise<readonly M[]> {
  const [sources, targets] = [moves.map(({ from }) => from), moves.map(({ to }) => to)]
  const [there, taken] = [await map.getMany(sources), await map.getMany(targets)]
  const [left, reached] = [new Set<string>(), new Set<string>()]
  return moves.filter(({ from, to }, i) => {
    if (there[i] === null || taken[i] !== null || left.has(toHex(from)) || reached.has(toHex(to)))
      return false
    left.add(toHex(from))
    reached.add(toHex(to))
    return true
  })
}

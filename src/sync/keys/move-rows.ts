// Rows of a table under other keys, with all that is in them. No row is lost: one moves only to a key that no row has.
import { compareBytes, toHex } from '../../base/bytes.ts'
import type { AnyIterable } from '../../base/iterables.ts'
import type { Edit } from '../../prolly/interface.ts'
import type { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'

/** From one key to another. */
export type Move = readonly [Uint8Array, Uint8Array]

export async function movedRows(
  io: Io,
  whole: ProllyMap,
  moves: AnyIterable<readonly Move[]>,
): Promise<ProllyMap> {
  let map = whole
  for await (const some of moves) {
    const free = await takenOnce(map, some)
    const found = await map.getMany(free.map(([from]) => from))
    const edits = free.flatMap(([from, to], i): Edit[] => {
      const { value, links } = found[i]!
      return [
        { key: from, value: null },
        { key: to, value, links },
      ]
    })
    map = await map.mutate(
      io.writer,
      edits.sort((a, b) => compareBytes(a.key, b.key)),
    )
    await io.writer.drained()
  }
  return map
}

/** The moves that leave no row behind: of two that would meet, the first. */
async function takenOnce(map: ProllyMap, moves: readonly Move[]): Promise<readonly Move[]> {
  const [sources, targets] = [moves.map(([from]) => from), moves.map(([, to]) => to)]
  const [there, taken] = [await map.getMany(sources), await map.getMany(targets)]
  const [left, reached] = [new Set<string>(), new Set<string>()]
  return moves.filter(([from, to], i) => {
    if (there[i] === null || taken[i] !== null || left.has(toHex(from)) || reached.has(toHex(to)))
      return false
    left.add(toHex(from))
    reached.add(toHex(to))
    return true
  })
}

// The tree without entries: what a branch without commits holds.
import type { Cid } from '../encoding/cid.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { Io } from './interface.ts'

export function emptyTreeOf(io: Io): Cid {
  return ProllyMap.empty(io.nodes, io.writer).cid
}

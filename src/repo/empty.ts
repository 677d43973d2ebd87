// The tree without entries: what a branch without commits holds.
import type { Cid } from '../encoding/cid.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { Io } from './interface.ts'

export async function emptyTreeOf(io: Io): Promise<Cid> {
  return (await ProllyMap.empty(io.nodes, io.writer)).cid
}

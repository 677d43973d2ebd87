// A pack's records in blocks of whole records, while the next ones are read, into memory that is used over and over.
import { throwIfAborted } from '../../base/errors.ts'
import type { WholePack } from '../interface.ts'
import { packHeadBytes } from '../pack.ts'
import { BlockMemory } from './block-memory.ts'

/** A disk answers at once; over a network some requests are under way. */
const near = { blockBytes: 1 << 20, ahead: 1 }
const far = { blockBytes: 4 << 20, ahead: 4 }
const memories = { near: new BlockMemory(), far: new BlockMemory() }

/** Records by number, from the first to before the last. */
export interface PackBlock extends Span {
  readonly bytes: Uint8Array
  /** The memory is used again when this is kept. */
  taken: Promise<void> | null
}

interface Span {
  readonly from: number
  readonly to: number
  readonly at: number
  readonly length: number
}

interface Seat {
  readonly memory: Uint8Array
  block: PackBlock | null
}

export async function* blocksOf(pack: WholePack, signal: AbortSignal | undefined): AsyncGenerator<PackBlock> {
  const distance = pack.file === undefined ? 'far' : 'near'
  const { blockBytes, ahead } = distance === 'far' ? far : near
  const memory = memories[distance]
  const spans = spansOf(pack, blockBytes)
  // A longer one holds a single object that is longer than a block.
  const longest = spans.reduce((most, span) => Math.max(most, span.length), blockBytes)
  const seats: Seat[] = []
  const source = await pack.open({ signal })
  const reading: Promise<PackBlock>[] = []
  let turn = 0
  const read = async (span: Span, seat: Seat): Promise<PackBlock> => {
    await seat.block?.taken
    const bytes = seat.memory.subarray(0, span.length)
    await source.read(bytes, span.at)
    return (seat.block = { ...span, bytes, taken: null })
  }
  const readOn = (): void => {
    if (turn === spans.length) return
    // One is looked at and one may still be taken while `ahead` are read.
    const seat = (seats[turn % (ahead + 2)] ??= { memory: memory.take(longest), block: null })
    const block = read(spans[turn++]!, seat)
    // It may fail while another is looked at; whoever awaits it hears of it all the same.
    block.catch(() => undefined)
    reading.push(block)
  }
  memory.enter()
  try {
    for (let i = 0; i < ahead; i++) readOn()
    while (reading.length > 0) {
      throwIfAborted(signal)
      const block = await reading.shift()!
      readOn()
      yield block
    }
    for (const { block } of seats) await block?.taken
  } finally {
    await Promise.allSettled(reading)
    await Promise.allSettled(seats.map(async ({ block }) => block?.taken))
    for (const seat of seats) memory.give(seat.memory)
    memory.leave()
    await source.close()
  }
}

function spansOf({ ends }: WholePack, blockBytes: number): Span[] {
  const spans: Span[] = []
  for (let from = 0, at = packHeadBytes; from < ends.length;) {
    let to = from + 1
    while (to < ends.length && ends[to]! - at <= blockBytes) to++
    spans.push({ from, to, at, length: ends[to - 1]! - at })
    at = ends[to - 1]!
    from = to
  }
  return spans
}

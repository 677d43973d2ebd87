// A pack's records in blocks of whole records, while the next ones are read. The blocks' memory is used over and over:
// fresh memory for a gibibyte costs as much as hashing it.
import { throwIfAborted } from '../../base/errors.ts'
import type { WholePack } from '../interface.ts'
import { packHeadBytes } from '../pack.ts'

/** A disk answers at once; over a network some requests are under way. */
const near = { blockBytes: 1 << 20, ahead: 1 }
const far = { blockBytes: 4 << 20, ahead: 4 }

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

interface Memory {
  readonly bytes: Uint8Array
  block: PackBlock | null
}

export async function* blocksOf(pack: WholePack, signal: AbortSignal | undefined): AsyncGenerator<PackBlock> {
  const { blockBytes, ahead } = pack.file === undefined ? far : near
  const spans = spansOf(pack, blockBytes)
  const longest = spans.reduce((most, span) => Math.max(most, span.length), 0)
  const memories: Memory[] = []
  const source = await pack.open({ signal })
  const reading: Promise<PackBlock>[] = []
  let turn = 0
  const read = async (span: Span, memory: Memory): Promise<PackBlock> => {
    await memory.block?.taken
    const bytes = memory.bytes.subarray(0, span.length)
    await source.read(bytes, span.at)
    return (memory.block = { ...span, bytes, taken: null })
  }
  const readOn = (): void => {
    if (turn === spans.length) return
    // One is looked at and one may still be taken while `ahead` are read.
    const memory = (memories[turn % (ahead + 2)] ??= { bytes: new Uint8Array(longest), block: null })
    const block = read(spans[turn++]!, memory)
    // It may fail while another is looked at; whoever awaits it hears of it all the same.
    block.catch(() => undefined)
    reading.push(block)
  }
  try {
    for (let i = 0; i < ahead; i++) readOn()
    while (reading.length > 0) {
      throwIfAborted(signal)
      const block = await reading.shift()!
      readOn()
      yield block
    }
    for (const { block } of memories) await block?.taken
  } finally {
    await Promise.allSettled(reading)
    await Promise.allSettled(memories.map(async ({ block }) => block?.taken))
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

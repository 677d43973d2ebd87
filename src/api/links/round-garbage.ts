// Collects garbage while rounds of links run in this thread. V8 lets garbage lie until it is several times what is alive, and
// most of a round's hangs in buffers outside its heap. No setting is changed for that, and no more is collected than in
// proportion to what the program holds: one with a large heap of its own waits for as much garbage as half of it.
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const lookMs = 50
/** A smaller process is left alone: most rounds are over before they take as much. */
const muchMemory = 160 << 20
const heapGrowthMin = 18 << 20
/** What lies outside the heap costs nothing to collect, but all of the heap is looked at for it. */
const outsideGrowthMin = 36 << 20
/** A collection waits until so many times of what the last one took have gone by: it costs a tenth at most. */
const pausesPerCollection = 9

export interface Held {
  readonly heap: number
  /** In buffers. */
  readonly outside: number
}

/** Bytes. */
export interface Memory {
  /** Of the whole process. */
  readonly taken: () => number
  readonly held: () => Held
  /** 'young': only what has come lately, which is quick. */
  readonly collect: (what: 'young' | 'all') => void
}

const ofThread: Memory = {
  taken: () => process.memoryUsage.rss(),
  held: () => {
    const { used_heap_size: heap, external_memory: outside } = getHeapStatistics()
    return { heap, outside }
  },
  collect: (what) => (collector ??= collectorOf())(what === 'young' ? { type: 'minor' } : undefined),
}

/** Returns what looks whether there is much garbage, and collects it if so; `now` is in ms. */
export function garbageWatch(
  memory: Memory = ofThread,
  now: () => number = () => performance.now(),
): () => void {
  let least = memory.held()
  let from = -Infinity
  const isMuch = (): boolean => {
    const { heap, outside } = memory.held()
    least = { heap: Math.min(least.heap, heap), outside: Math.min(least.outside, outside) }
    return (
      heap - least.heap > Math.max(heapGrowthMin, least.heap / 2) ||
      outside - least.outside > Math.max(outsideGrowthMin, (least.heap + least.outside) / 2)
    )
  }
  return () => {
    const began = now()
    if (began < from || memory.taken() < muchMemory || !isMuch()) return
    memory.collect('young')
    if (isMuch()) {
      memory.collect('all')
      least = memory.held()
    }
    const ended = now()
    from = ended + pausesPerCollection * (ended - began)
  }
}

let rounds = 0
let timer: NodeJS.Timeout | undefined

/** Does the work of a round; garbage is collected meanwhile. */
export async function collectingGarbage<T>(round: () => Promise<T>): Promise<T> {
  if (rounds++ === 0) timer = setInterval(garbageWatch(), lookMs).unref()
  try {
    return await round()
  } finally {
    if (--rounds === 0) clearInterval(timer)
  }
}

type Collector = (options?: { type: 'minor' }) => void
let collector: Collector | null = null

/** V8 gives its function to contexts that are made while it is asked to; where it does not, nothing is collected. */
function collectorOf(): Collector {
  const given = (globalThis as { gc?: Collector }).gc
  if (given !== undefined) return given
  setFlagsFromString('--expose-gc')
  try {
    return (runInNewContext(`typeof gc === 'function' ? gc : null`) as Collector | null) ?? (() => undefined)
  } finally {
    setFlagsFromString('--no-expose-gc')
  }
}

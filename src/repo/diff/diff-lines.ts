// Two versions of a text, line by line: made when somebody asks, in another thread where one is given.
import type { WorkerPool } from '../../base/pool.ts'
import type { LineCounts, LineHunk, LineOptions } from '../../documents/line-hunks.ts'
import type { PackedLines } from '../../documents/packed-comparison.ts'

export interface Lines {
  hunks(): AsyncIterable<LineHunk>
  lineCounts(): Promise<LineCounts>
}

export const noLines: Lines = {
  async *hunks() {},
  lineCounts: async () => ({ added: 0, removed: 0 }),
}

export function linesOf(
  from: string,
  to: string,
  options: LineOptions,
  threads: WorkerPool | undefined,
): Lines {
  return threads === undefined ? comparedHere(from, to, options) : comparedBy(threads, from, to, options)
}

/** Of a file that became a symlink, or the reverse: all of one goes, and all of the other comes. */
export function replacedLines(from: string, to: string, threads: WorkerPool | undefined): Lines {
  const [gone, come] = [linesOf(from, '', {}, threads), linesOf('', to, {}, threads)]
  return {
    async *hunks() {
      yield* gone.hunks()
      yield* come.hunks()
    },
    lineCounts: async () => ({
      added: (await come.lineCounts()).added,
      removed: (await gone.lineCounts()).removed,
    }),
  }
}

/** Loaded on use, and once: a diff of many files asks for each. */
const load = () => import('../../documents/line-hunks.ts')
let loaded: ReturnType<typeof load> | null = null
function comparing(): ReturnType<typeof load> {
  return (loaded ??= load())
}

function comparedHere(from: string, to: string, options: LineOptions): Lines {
  return {
    async *hunks() {
      const { lineHunks } = await comparing()
      yield* lineHunks(from, to, options)
    },
    async lineCounts() {
      const { lineCounts } = await comparing()
      return lineCounts(from, to, options)
    },
  }
}

function comparedBy(threads: WorkerPool, from: string, to: string, options: LineOptions): Lines {
  let packed: Promise<PackedLines> | null = null
  const compare = async (): Promise<PackedLines> => {
    const { packLines } = await import('../../documents/packed-comparison.ts')
    return threads.run('packLines', packLines, [from, to, options])
  }
  const compared = (): Promise<PackedLines> => (packed ??= compare())
  return {
    async *hunks() {
      const { unpackLines } = await import('../../documents/packed-comparison.ts')
      yield* unpackLines(await compared())
    },
    lineCounts: async () => (await compared()).counts,
  }
}

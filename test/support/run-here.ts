// A command of the command line in this process: its options, words, errors and exit code without the time that starting a
// process takes. One at a time, for the working directory and the streams are the process's.
import { main } from '../../src/cli/main.ts'
import { identity } from '../cli/varve.ts'

export interface RanHere {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export async function runHere(
  args: readonly string[],
  cwd: string,
  own: Readonly<Record<string, string>> = {},
): Promise<RanHere> {
  const before = process.cwd()
  const said = { stdout: '', stderr: '' }
  const real = {
    stdout: process.stdout.write.bind(process.stdout),
    stderr: process.stderr.write.bind(process.stderr),
  }
  const taking = (name: 'stdout' | 'stderr'): typeof process.stdout.write =>
    ((text: string | Uint8Array, ...rest: unknown[]) => {
      said[name] += typeof text === 'string' ? text : Buffer.from(text).toString()
      const done = rest.at(-1)
      if (typeof done === 'function') process.nextTick(done as () => void)
      return true
    }) as typeof process.stdout.write
  const streams = [process.stdout, process.stderr]
  const heard = streams.map((stream) => stream.listeners('error'))
  process.chdir(cwd)
  process.stdout.write = taking('stdout')
  process.stderr.write = taking('stderr')
  try {
    const code = await main(args, { HOME: cwd, ...identity, ...own }, '0.0.0')
    return { code, ...said }
  } finally {
    process.stdout.write = real.stdout
    process.stderr.write = real.stderr
    process.chdir(before)
    // A process runs one command; what it listens to need not end.
    for (const [i, stream] of streams.entries())
      for (const listener of stream.listeners('error'))
        if (!heard[i]!.includes(listener)) stream.off('error', listener as () => void)
  }
}

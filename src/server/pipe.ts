// `varve serve --stdio DIR`: one repository, for whoever is at the other end of standard input and output. That is ssh,
// which has asked them who they are: what the system's user may do with the folder, they may.
import path from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { VarveError } from '../base/errors.ts'
import { DiskStore } from '../store/disk/store.ts'
import type { LogLine } from './interface.ts'
import { pipeGreeting } from '../remote/transports/ssh/greeting.ts'
import { PipeConnection } from '../remote/transports/ssh/pipe-connection.ts'
import { Server } from './server.ts'

export interface PipeRun {
  /** A repository's folder: bare, or with files. */
  readonly dir: string
  readonly create: 'never' | 'missing'
  readonly stateDir: string
  readonly version: string
  readonly input: Readable
  readonly output: Writable
  readonly signal?: AbortSignal | undefined
  readonly log?: (line: LogLine) => void
}

/** Serves until the other end closes. @throws VarveError VARVE_NO_REPOSITORY */
export async function serveOverPipe(options: PipeRun): Promise<void> {
  const { input, output, stateDir, version, log } = options
  const storeDir = await findStore(options)
  const server = Server.overPipe({ storeDir, stateDir, version, ...(log === undefined ? {} : { log }) })
  // Whatever else came before on this channel (a login shell may greet) is not ours.
  output.write(pipeGreeting)
  const connection = new PipeConnection(input, output)
  connection.on('error', () => {})
  const stop = (): void => void connection.destroy()
  options.signal?.addEventListener('abort', stop)
  try {
    await server.converse(connection)
  } finally {
    options.signal?.removeEventListener('abort', stop)
    await server.close()
  }
}

async function findStore({ dir, create }: PipeRun): Promise<string> {
  const found = [path.join(dir, '.varve'), dir].find((one) => DiskStore.exists(one))
  if (found !== undefined) return found
  if (create === 'never' || !DiskStore.isFree(dir)) {
    throw new VarveError('VARVE_NO_REPOSITORY', `no repository in '${dir}'`, {
      data: { path: dir },
      hint: "the first push to an empty path makes one; look at the path after the host's name",
    })
  }
  await (await DiskStore.create(dir)).close()
  return dir
}

// ssh://: a repository in a folder of another machine. The very HTTP that `varve serve` speaks goes over the pipe of the
// system's ssh, with `varve serve --stdio` at the other end: one protocol, one receiver, and no port or token there.
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import type { Store } from '../../../store/interface.ts'
import type { OpenRemoteOptions } from '../../interface.ts'
import { openServed } from '../http/open-served.ts'
import { explain } from '../http/served-errors.ts'
import { HttpClient } from '../../../http/client.ts'
import { pipeRepository } from './greeting.ts'
import { sshArguments, sshPlaceOf } from './place.ts'
import { connectBySsh } from './process.ts'

export async function openSsh(url: string, options: OpenRemoteOptions): Promise<Store> {
  const place = sshPlaceOf(url)
  const environment = options.environment ?? {}
  const run = {
    program: environment['VARVE_SSH'] || 'ssh',
    arguments: sshArguments(place, options.create === true ? 'create' : 'find'),
    location: url,
    environment,
    signal: options.signal,
  }
  const connect: buildConnector.connector = (_, done) => {
    connectBySsh(run).then(
      (connection) => done(null, connection as Socket),
      (error: Error) => done(error, null),
    )
  }
  const client = new HttpClient('http://localhost', { connect, connections: 1, explain, location: url })
  try {
    return await openServed({ client, root: '/v1', name: pipeRepository, location: url }, 'unread', options)
  } catch (error) {
    await client.close()
    throw error
  }
}

// `--metrics HOST:PORT`: serves the counters of a running `varve sync` to Prometheus.
import { usage } from '../arguments.ts'
import type { Context } from '../interface.ts'
import type { Link } from '../../index.ts'
import type { RoundWatcher } from './every.ts'

export interface ShownMetrics {
  /** null: nobody asked. */
  readonly watcher: RoundWatcher | null
  close(): Promise<void>
}

export async function showMetrics(
  { arguments: given, out }: Context,
  links: readonly Link[],
): Promise<ShownMetrics> {
  const text = given.text('metrics')
  const anywhere = given.flag('metrics-anywhere')
  if (text === undefined) {
    if (anywhere) throw usage("'--metrics-anywhere' is about '--metrics HOST:PORT'")
    return { watcher: null, close: async () => undefined }
  }
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535)
    throw usage(`'--metrics' needs an address such as 127.0.0.1:9464, not '${text}'`)
  // Prometheus' client is loaded where somebody wants metrics.
  const { FollowerMetrics } = await import('../../server/follower-metrics.ts')
  const watcher = new FollowerMetrics(links.map(({ name }) => name))
  const server = await watcher.listen({ host: (bracketed ?? plain)!, port: Number(port) }, { anywhere })
  out.hint(`metrics at ${server.url}`)
  await out.flush()
  return { watcher, close: server.close }
}

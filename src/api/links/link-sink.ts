// Links whose endpoint is only written to: what may be declared of them, and one opened for a while.
import { VarveError } from '../../base/errors.ts'
import { untilAborted } from '../../base/until-aborted.ts'
import { openSink } from '../../connectors/open-sink.ts'
import type { Sink, SinkOptions } from '../../connectors/sink.ts'
import { refusePassword } from '../../connectors/url-password.ts'
import type { Link } from '../../sync/interface.ts'
import type { LinkTest } from './link-interface.ts'

/** @throws VarveError VARVE_USAGE */
function checkSinkLink({ endpoint, mode }: Pick<Link, 'endpoint' | 'mode'>): void {
  refusePassword(endpoint)
  if (mode === 'materialize') return
  throw new VarveError('VARVE_USAGE', `'${endpoint}' can be written to and not read: '${mode}' needs both`, {
    data: { endpoint, mode },
    hint: "its mode is 'materialize': the branch's changes go there",
  })
}

export function sinkTest(sink: Sink): LinkTest {
  const log = { obstacle: 'it is only written to', kept: null }
  const { location, identity } = sink
  const record = sink.position === undefined ? {} : { keepsRecord: true as const }
  return { location, identity, isOnlyWritten: true, ...record, log, tables: [] }
}

export async function withSink<T>(
  link: Link,
  {
    environment,
    onWait,
    signal,
    sinks,
  }: Pick<SinkOptions, 'environment' | 'onWait' | 'sinks'> & { readonly signal?: AbortSignal | undefined },
  work: (sink: Sink) => Promise<T>,
): Promise<T> {
  checkSinkLink(link)
  const sink = await untilAborted(
    () => openSink(link.endpoint, { link: link.name, environment, sinks, onWait, signal }),
    signal,
    (late) => late.close(),
  )
  try {
    return await work(sink)
  } finally {
    await sink.close()
  }
}

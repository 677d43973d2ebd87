// What a follower of links counts, in Prometheus' text format, and the small server that shows it. Labels are names of
// links and tables, which varve.yaml bounds; no value of a row is among them. It listens to this machine alone, unless
// somebody says otherwise: how many rows a system has is nobody else's business.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { VarveError } from '../base/errors.ts'
import { listenFailure } from '../base/system-error.ts'
import type { Receipt } from '../index.ts'
import { isLoopback } from './loopback.ts'

const requestMsMax = 10_000

export class FollowerMetrics {
  readonly #registry: Registry = new Registry()
  readonly #rounds: Counter<'link' | 'result'>
  readonly #rows: Counter<'link' | 'direction'>
  readonly #seconds: Histogram<'link'>
  readonly #held: Gauge<'link' | 'reason'>
  readonly #tableRows: Gauge<'link' | 'table' | 'side'>
  readonly #inStep: Gauge<'link' | 'table'>
  readonly #last: Gauge<'link'>
  /** When the last round that came to its end began to read: the dataset is as old as that. */
  readonly #readMs = new Map<string, number>()

  constructor(links: readonly string[], now: () => number = Date.now) {
    const registers = [this.#registry]
    const names = <T extends string>(name: string, help: string, labelNames: T[]) => ({
      name: `varve_sync_${name}`,
      help,
      labelNames,
      registers,
    })
    this.#rounds = new Counter(names('rounds_total', 'Rounds, by how they ended.', ['link', 'result']))
    this.#rows = new Counter(
      names('rows_total', 'Row changes captured from the endpoint and written to it.', ['link', 'direction']),
    )
    this.#seconds = new Histogram({
      ...names('round_seconds', 'How long rounds took.', ['link']),
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800],
    })
    this.#held = new Gauge(names('held_back', 'Rows and tables that wait, by reason.', ['link', 'reason']))
    this.#tableRows = new Gauge(
      names('table_rows', 'Rows of each side after the last round.', ['link', 'table', 'side']),
    )
    this.#inStep = new Gauge(
      names('in_step', '1 where both sides had one checksum after the last round.', ['link', 'table']),
    )
    this.#last = new Gauge(
      names('last_receipt_timestamp_seconds', 'When the last round came to its end.', ['link']),
    )
    const lag: Gauge<'link'> = new Gauge({
      ...names('lag_seconds', 'Since the last round that came to its end began to read.', ['link']),
      collect: () => {
        for (const [link, readMs] of this.#readMs) lag.set({ link }, (now() - readMs) / 1000)
      },
    })
    for (const link of links)
      for (const result of ['done', 'failed'] as const) this.#rounds.inc({ link, result }, 0)
  }

  done(receipt: Receipt): void {
    const { link, tables, heldBack, startedMs, finishedMs } = receipt
    this.#rounds.inc({ link, result: 'done' })
    this.#seconds.observe({ link }, (finishedMs - startedMs) / 1000)
    this.#last.set({ link }, finishedMs / 1000)
    this.#readMs.set(link, startedMs)
    for (const direction of ['captured', 'written'] as const) {
      const rows = tables.map((table) => table[direction])
      const sum = rows.reduce((all, { added, changed, removed }) => all + added + changed + removed, 0)
      this.#rows.inc({ link, direction }, sum)
    }
    for (const reason of ['conflict', 'changed', 'rejected', 'schema', 'guard'] as const)
      this.#held.set({ link, reason }, heldBack.filter((row) => row.reason === reason).length)
    for (const { table, after } of tables) {
      const isUnread = heldBack.some((row) => row.table === table && row.tooLarge !== undefined)
      const isInStep = after.endpoint?.checksum === after.branch?.checksum && !isUnread
      this.#inStep.set({ link, table }, isInStep ? 1 : 0)
      for (const side of ['endpoint', 'branch'] as const)
        this.#tableRows.set({ link, table, side }, after[side]?.rows ?? 0)
    }
  }

  failed(link: string): void {
    this.#rounds.inc({ link, result: 'failed' })
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }

  /** Answers GET /metrics. @throws VarveError VARVE_REFUSED for an address that others reach, VARVE_IO */
  async listen(
    { host, port }: { readonly host: string; readonly port: number },
    options: { readonly anywhere: boolean },
  ): Promise<{ url: string; close: () => Promise<void> }> {
    if (!options.anywhere && !isLoopback(host)) {
      throw new VarveError('VARVE_REFUSED', `'${host}' can be reached from elsewhere`, {
        hint: 'metrics show names of tables and their numbers of rows; --metrics-anywhere shows them to everybody',
      })
    }
    const server = http.createServer((request, response) => {
      const isAsked = request.method === 'GET' && request.url?.split('?')[0] === '/metrics'
      request.resume()
      if (!isAsked) return void response.writeHead(404).end()
      this.text().then(
        (text) => response.writeHead(200, { 'content-type': this.#registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      )
    })
    server.maxConnections = 20
    server.setTimeout(requestMsMax, (socket) => socket.destroy())
    await new Promise<void>((done, failed) => {
      server.once('error', (cause) =>
        failed(listenFailure(cause, host, port, "choose another port with '--metrics HOST:PORT'")),
      )
      server.listen(port, host, done)
    })
    const { port: taken } = server.address() as AddressInfo
    return {
      url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}/metrics`,
      close: () => {
        server.closeAllConnections()
        return new Promise((done) => server.close(() => done()))
      },
    }
  }
}

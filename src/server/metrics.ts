// What the server counts, in Prometheus' text format. Labels are routes, methods and statuses, never names of repositories
// or people: their number is bounded, and a scraper learns nothing of what lies here.
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export interface RequestMetrics {
  readonly route: string
  readonly method: string
  readonly status: number
  readonly seconds: number
  readonly bytesIn: number
  readonly bytesOut: number
}

export class Metrics {
  readonly #registry: Registry = new Registry()
  readonly #requests: Counter<'route' | 'method' | 'status'>
  readonly #seconds: Histogram<'route' | 'method'>
  readonly #bytes: Counter<'direction'>
  readonly #pushes: Counter<'result'>

  /** `requests` tells how many requests are under way. */
  constructor(requests: () => number) {
    const registers = [this.#registry]
    this.#requests = new Counter({
      name: 'varve_http_requests_total',
      help: 'Requests answered.',
      labelNames: ['route', 'method', 'status'],
      registers,
    })
    this.#seconds = new Histogram({
      name: 'varve_http_request_seconds',
      help: 'How long requests took.',
      labelNames: ['route', 'method'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120],
      registers,
    })
    this.#bytes = new Counter({
      name: 'varve_http_bytes_total',
      help: 'Bytes of bodies.',
      labelNames: ['direction'],
      registers,
    })
    this.#pushes = new Counter({
      name: 'varve_pushes_total',
      help: 'Pushes that moved refs, and those that were refused.',
      labelNames: ['result'],
      registers,
    })
    const gauge = (name: string, help: string, read: () => number): void => {
      const made: Gauge = new Gauge({ name, help, registers, collect: () => made.set(read()) })
    }
    gauge('varve_http_requests_in_flight', 'Requests under way.', requests)
    gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
    gauge('process_uptime_seconds', 'Time since the start.', () => process.uptime())
  }

  count({ route, method, status, seconds, bytesIn, bytesOut }: RequestMetrics): void {
    this.#requests.inc({ route, method, status: String(status) })
    this.#seconds.observe({ route, method }, seconds)
    this.#bytes.inc({ direction: 'in' }, bytesIn)
    this.#bytes.inc({ direction: 'out' }, bytesOut)
  }

  pushed(result: 'done' | 'refused'): void {
    this.#pushes.inc({ result })
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}

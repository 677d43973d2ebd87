// A line that breaks at its n-th message: a socket on loopback or in a folder, whose pieces are passed on both ways and
// counted over all connections. The n-th is not passed on: if it was asked, it is never heard; if it was the answer, what
// was asked is done and nobody hears of it. Then both ends are cut.
import net from 'node:net'
import { afterAll } from 'vitest'

export interface CutLine {
  /** Messages since the line was last set. */
  readonly passed: () => number
  /** What the n-th message was. */
  readonly broken: () => string | null
  /** From now on, counted from 0; 'for good': nobody gets through any more. */
  cut(n: number, lasting: 'once' | 'for good'): void
  mend(): void
}

type Place = string | { readonly host: string; readonly port: number }

const servers: net.Server[] = []
const sockets = new Set<net.Socket>()

afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})

/** `near`: where it listens; a port of 0 is chosen, and told by `port`. */
export async function startCutLine(near: Place, far: Place): Promise<CutLine & { readonly port: number }> {
  let passed = 0
  let plan: { n: number; lasting: 'once' | 'for good' } | null = null
  let broken: string | null = null
  const isDead = (): boolean => broken !== null && plan?.lasting === 'for good'
  const server = net.createServer((client) => {
    sockets.add(client)
    if (isDead()) return void client.on('error', () => undefined).destroy()
    const host = typeof far === 'string' ? net.connect(far) : net.connect(far.port, far.host)
    sockets.add(host)
    const pass = (way: string, to: net.Socket) => (bytes: Buffer) => {
      if (plan !== null && passed++ === plan.n) {
        broken = `${way} ${JSON.stringify(bytes.toString('latin1').slice(0, 200))}`
        client.destroy()
        host.destroy()
      } else if (isDead()) {
        client.destroy()
        host.destroy()
      } else to.write(bytes)
    }
    client.on('data', pass('asked', host))
    host.on('data', pass('answered', client))
    for (const [one, other] of [
      [client, host],
      [host, client],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('end', () => other.end())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) =>
    typeof near === 'string' ? server.listen(near, resolve) : server.listen(near.port, near.host, resolve),
  )
  servers.push(server)
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    passed: () => passed,
    broken: () => broken,
    cut: (n, lasting) => {
      passed = 0
      broken = null
      plan = { n, lasting }
    },
    mend: () => {
      plan = null
      broken = null
      passed = 0
    },
  }
}

// A proxy on loopback that stands between client and server and does what networks and liars do: it cuts connections at
// any byte, or changes what the server answers.
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { afterEach } from 'vitest'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function listen(server: net.Server | http.Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}

/** Cuts the first connections, each after its number of bytes in both directions together; later ones pass. */
export async function cuttingProxy(
  url: string,
  cuts: readonly number[],
): Promise<{ url: string; cut: () => number }> {
  const sockets = new Set<net.Socket>()
  let count = 0
  const server = net.createServer((near) => {
    const far = net.connect(Number(new URL(url).port), '127.0.0.1')
    let left = cuts[count++] ?? Infinity
    const carry = (from: net.Socket, to: net.Socket): void => {
      sockets.add(from)
      from.on('error', () => {}).on('close', () => to.destroy())
      from.on('data', (part: Buffer) => {
        const passed = part.subarray(0, Math.min(part.length, left))
        left -= passed.length
        to.write(passed, () => {
          if (left > 0) return
          near.destroy()
          far.destroy()
        })
      })
    }
    carry(near, far)
    carry(far, near)
  })
  const port = await listen(server)
  closing.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((done) => server.close(done))
  })
  return { url: `http://127.0.0.1:${port}`, cut: () => Math.min(count, cuts.length) }
}

export interface Exchanged {
  readonly method: string
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
}

export interface Lie {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | 'endless'
}

/** Hands everything on to the server; `lie` may change an answer. */
export async function lyingProxy(
  url: string,
  lie: (request: Exchanged, answer: { status: number; body: Buffer }) => Lie | null,
): Promise<{ url: string; requests: Exchanged[] }> {
  const requests: Exchanged[] = []
  const server = http.createServer((request, response) => {
    const exchanged = { method: request.method!, path: request.url!, headers: request.headers }
    requests.push(exchanged)
    const { host: _, ...headers } = request.headers
    const onward = http.request(
      url + exchanged.path,
      { method: exchanged.method, headers, agent: false },
      (answer) => void pass(answer).catch(() => response.destroy()),
    )
    const pass = async (answer: http.IncomingMessage): Promise<void> => {
      const parts: Buffer[] = []
      for await (const part of answer as AsyncIterable<Buffer>) parts.push(part)
      const true_ = { status: answer.statusCode!, body: Buffer.concat(parts) }
      const told = lie(exchanged, true_) ?? {}
      const { 'content-length': __, ...passed } = answer.headers
      response.writeHead(told.status ?? true_.status, { ...passed, ...told.headers })
      if (told.body !== 'endless') {
        response.end(told.body ?? true_.body)
        return
      }
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(64 << 10)));
      }
      response.on('drain', more)
      more()
    }
    request.pipe(onward)
    onward.on('error', () => response.destroy())
  })
  const port = await listen(server)
  closing.push(async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })
  return { url: `http://127.0.0.1:${port}`, requests }
}

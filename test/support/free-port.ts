// A port of this machine that nobody listens on, for servers that must be told one.
import net from 'node:net'

// Below those that the system gives to connections: a server that takes seconds to start would find one of them taken.
const [first, last] = [15_000, 32_000]

export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + Math.floor(Math.random() * (last - first))
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = net.createServer()
    server.once('error', () => done(false))
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)))
  })
}

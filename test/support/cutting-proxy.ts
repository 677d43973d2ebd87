// A line that is cut at an exact byte: TCP on loopback, passed on until so many bytes have gone one way, counted over all
// connections from a moment on. Then the connection ends on both sides, and the line is whole again or stays dead.
import net, { type AddressInfo } from 'node:net'
import { afterAll } from 'vitest'

export type Direction = 'up' | 'down'

export interface CuttingProxy {
  readonly endpoint: string
  /** Bytes that went each way since the line was last set. */
  readonly passed: { up: number; down: number }
  /** Cuts the line when `at` bytes have gone; 'for good': nobody gets through from then on. */
  cut(direction: Direction, at: number, how: 'once' | 'for good'): void
  mend(): void
}

const servers: net.Server[] = []
const sockets = new Set<net.Socket>()

afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})

export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target)
  const passed = { up: 0, down: 0 }
  let plan: { direction: Direction; at: number; how: 'once' | 'for good' } | null = null
  let isDead = false
  const server = net.createServer((near) => {
    if (isDead) return void near.destroy()
    const far = net.connect(Number(port), hostname)
    const pass = (direction: Direction, to: net.Socket) => (bytes: Buffer) => {
      const left = plan?.direction === direction ? plan.at - passed[direction] : Infinity
      passed[direction] += bytes.length
      if (bytes.length < left) return void to.write(bytes)
      isDead = plan?.how === 'for good'
      plan = null
      to.write(bytes.subarray(0, left), () => {
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', pass('up', far))
    far.on('data', pass('down', near))
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push(server)
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    cut: (direction, at, how) => {
      Object.assign(passed, { up: 0, down: 0 })
      plan = { direction, at, how }
      isDead = false
    },
    mend: () => {
      plan = null
      isDead = false
    },
  }
}

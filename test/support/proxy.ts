// A small HTTP proxy on loopback: tunnels (CONNECT) and requests for whole URLs. Names that end in '.test' are this machine,
// as only the proxy knows.
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'

export interface TestProxy {
  readonly url: string
  /** 'CONNECT host:port', 'GET http://host/…' */
  readonly requests: string[]
  close(): Promise<void>
}

export async function startProxy(login: string | null = null): Promise<TestProxy> {
  const requests: string[] = []
  const sockets = new Set<net.Socket>()
  const mayPass = ({ headers }: http.IncomingMessage): boolean =>
    login === null || headers['proxy-authorization'] === `Basic ${Buffer.from(login).toString('base64')}`
  const hostOf = (name: string): string => (name.endsWith('.test') ? '127.0.0.1' : name)
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (!mayPass(request)) return void response.writeHead(407).end()
    const { hostname, port, pathname, search } = new URL(request.url!)
    const { 'proxy-authorization': _, ...headers } = request.headers
    const onward = { host: hostOf(hostname), port, path: pathname + search, method: request.method!, headers }
    const far = http.request(onward, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    far.on('error', () => response.destroy())
    request.pipe(far)
  })
  server.on('connect', (request: http.IncomingMessage, near: net.Socket) => {
    requests.push(`CONNECT ${request.url}`)
    near.on('error', () => near.destroy())
    if (!mayPass(request)) return void near.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    const { hostname, port } = new URL(`tcp://${request.url}`)
    const far = net.connect(Number(port), hostOf(hostname), () => {
      near.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      far.pipe(near).pipe(far)
    })
    sockets.add(far)
    far.on('error', () => near.destroy())
  })
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((done) => server.close(() => done()))
    },
  }
}

// A Git host over HTTP on the loopback: Git's own `git http-backend` behind a small web server, as real hosts run it.
// A test can count the requests, refuse them, or cut connections in the middle.
import { spawn } from 'node:child_process'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

export interface GitHttpServer {
  /** Of the folder with the repositories. */
  readonly url: string
  readonly requests: string[]
  /** Runs before each request; true when it has answered, or cut the connection. */
  meet: (request: http.IncomingMessage, response: http.ServerResponse) => boolean
  close(): Promise<void>
}

export async function serveGit(folder: string): Promise<GitHttpServer> {
  const requests: string[] = []
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (!served.meet(request, response)) runBackend(folder, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const served: GitHttpServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    meet: () => false,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return served
}

function runBackend(folder: string, request: http.IncomingMessage, response: http.ServerResponse): void {
  const { pathname, search } = new URL(request.url!, 'http://host')
  const header = (name: string): string => String(request.headers[name] ?? '')
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      REMOTE_USER: 'tester',
      REQUEST_METHOD: request.method!,
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: header('content-type'),
      CONTENT_LENGTH: header('content-length'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.stdin.on('error', () => undefined)
  request.pipe(child.stdin)
  // A client that goes away in the middle must not look like one that said all it had to say.
  request.on('aborted', () => child.kill())
  let head = Buffer.alloc(0)
  let inBody = false
  child.stdout.on('data', (piece: Buffer) => {
    if (inBody) return void response.write(piece)
    head = Buffer.concat([head, piece])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    inBody = true
    for (const line of head.subarray(0, end).toString().split('\r\n')) {
      const [name, value] = line.split(/: (.*)/s) as [string, string]
      if (name === 'Status') response.statusCode = Number(value.slice(0, 3))
      else response.setHeader(name, value)
    }
    response.write(head.subarray(end + 4))
  })
  child.on('close', () => response.end())
}

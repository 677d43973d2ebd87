// A web server that sends the files of a folder, and parts of them: what static HTTP remotes need, and no more.
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'

export interface StaticServer {
  readonly url: string
  readonly requests: string[]
  /** Answers instead of the server, when it returns true. */
  answer: (request: http.IncomingMessage, response: http.ServerResponse) => boolean
  close(): Promise<void>
}

export async function serveFolder(dir: string): Promise<StaticServer> {
  const requests: string[] = []
  const server = http.createServer((request, response) => {
    requests.push(request.url!)
    if (!running.answer(request, response)) send(path.join(dir, decodeURI(request.url!)), request, response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const running: StaticServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: () => false,
    close: () => {
      server.closeAllConnections()
      return new Promise((done) => server.close(() => done()))
    },
  }
  return running
}

function send(file: string, request: http.IncomingMessage, response: http.ServerResponse): void {
  if (request.method !== 'GET' || !fs.existsSync(file) || fs.statSync(file).isDirectory()) {
    response.writeHead(404).end('not here')
    return
  }
  const bytes = fs.readFileSync(file)
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
  if (from === undefined) response.end(bytes)
  else if (Number(from) >= bytes.length) response.writeHead(416).end()
  else response.writeHead(206).end(bytes.subarray(Number(from), Number(to) + 1))
}

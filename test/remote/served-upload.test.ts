// Sending a pack to a server that says at which byte it wants to go on, and may say anything.
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HttpClient } from '../../src/http/client.ts'
import { ServedPublisher } from '../../src/remote/transports/http/served-publisher.ts'
import { temporaryDir } from '../support/temporary.ts'

const name = `packs/ab/${'ab'.repeat(32)}.pack`
const bytes = Buffer.alloc(20 << 20, 'a pack ')
let received: Buffer[]
let answer: (offset: number, length: number) => { status: number; offset: string }
let server: http.Server
let client: HttpClient
let file: string

beforeEach(async () => {
  received = []
  file = `${temporaryDir()}/pack`
  fs.writeFileSync(file, bytes)
  server = http.createServer((request, response) => {
    const parts: Buffer[] = []
    request
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', () => {
        const piece = Buffer.concat(parts)
        const { status, offset } = answer(Number(request.headers['upload-offset']), piece.length)
        if (status < 300) received.push(piece)
        response.writeHead(status, { 'upload-offset': offset }).end()
      })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  client = new HttpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

afterEach(async () => {
  await client.close()
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})

function upload(): Promise<void> {
  return new ServedPublisher({ client, api: '/v1/repos/data', location: 'the server' }).upload(name, file)
}

test('a pack goes in pieces, and goes on where the server has stopped', async () => {
  let cut = true
  answer = (offset, length) => {
    if (offset > 0 && cut) {
      cut = false
      return { status: 409, offset: String(offset) }
    }
    return { status: 200, offset: String(offset + length) }
  }
  await upload()
  expect(Buffer.concat(received).equals(bytes)).toBe(true)
})

test.each([
  ['never goes on', () => ({ status: 409, offset: '0' }), 'VARVE_UNREACHABLE'],
  [
    'goes back again and again',
    (offset: number) => ({ status: 409, offset: offset === 0 ? '8388608' : '0' }),
    'VARVE_UNREACHABLE',
  ],
  ['names no offset', () => ({ status: 200, offset: 'soon' }), 'VARVE_'],
] as const)('a server that %s does not keep us for ever', async (_, says, code) => {
  answer = says
  await expect(upload()).rejects.toMatchObject({ code: expect.stringContaining(code) as string })
})

// A server that does not speak TLS, asked for it: by what Node says of a real one.
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tlsWords } from '../../src/base/tls-words.ts'
import { unreachable } from '../../src/connectors/sink-failure.ts'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'

const server = http.createServer((_, response) => response.end('plain'))
let port = 0

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})

afterAll(() => server.close())

test('a clone over https from a server that speaks plain HTTP says so in one line', async () => {
  await expect(
    Repository.clone(`https://127.0.0.1:${port}/prices`, `${temporaryDir()}/clone`),
  ).rejects.toMatchObject({
    code: 'VARVE_UNREACHABLE',
    message: `cannot reach 'https://127.0.0.1:${port}': it does not speak TLS`,
    hint: "if it is a server without TLS, its address begins with 'http://'",
  })
})

test('a sink says the same, and other failures of TLS by their reason', () => {
  const failed = (reason: string): Error =>
    Object.assign(new Error(`80:error:0A:SSL routines:ssl3_get_record:${reason}:../deps/x.c:350:\n`), {
      code: 'EPROTO',
    })
  expect(unreachable('rediss://db', failed('wrong version number')).message).toBe(
    "cannot reach 'rediss://db': it does not speak TLS",
  )
  expect(tlsWords(new Error('fetch failed', { cause: failed('no shared cipher') }))).toBe(
    'TLS was not agreed on: no shared cipher',
  )
  expect(tlsWords(Object.assign(new Error('x'), { code: 'ECONNRESET' }))).toBe(null)
})

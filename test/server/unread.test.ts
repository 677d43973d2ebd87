// What is no request that could be read: an answer in the form of all others, and the connection ends.
import net from 'node:net'
import { expect, test } from 'vitest'
import { callTo, serve } from './serving.ts'

async function answerTo(url: string, text: string): Promise<{ status: number; document: unknown }> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  socket.write(text)
  let answer = ''
  for await (const part of socket) answer += String(part)
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 \d{3} /)
  expect(head).toMatch(/content-type: application\/json/)
  return { status: Number(head.slice(9, 12)), document: JSON.parse(body) }
}

test('a request that is too long or none at all is answered with an error as others are', async () => {
  const { url } = await serve()
  const long = `GET /v1/repos?a=${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`
  const expected = { error: { code: 'VARVE_USAGE', message: expect.any(String) } }
  expect(await answerTo(url, long)).toEqual({ status: 431, document: expected })
  expect(await answerTo(url, 'NONSENSE\r\n\r\n')).toEqual({ status: 400, document: expected })
  expect((await callTo(url, '/health')).status).toBe(200)
})

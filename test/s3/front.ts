// A front before the real server that bends what passes: it signs anew what it changed, as gateways do.
import { AwsV4Signer } from 'aws4fetch'
import { type Answer, type Incoming, type Loopback, listen } from '../support/loopback.ts'
import { server } from './bucket.ts'

const passed = ['etag', 'content-range', 'content-length', 'last-modified', 'date', 'content-type']

export function startFront(): Promise<Loopback> {
  return listen(forward)
}

async function forward(incoming: Incoming): Promise<Answer> {
  const { endpoint, owner } = server()
  const headers: Record<string, string> = {}
  for (const [name, text] of Object.entries(incoming.headers))
    if (/^(if-|range$|x-amz-(meta|content))/.test(name)) headers[name] = String(text)
  const signer = new AwsV4Signer({
    method: incoming.method,
    url: endpoint + incoming.path,
    headers,
    accessKeyId: owner.key,
    secretAccessKey: owner.secret,
    service: 's3',
    region: 'us-east-1',
  })
  const signed = await signer.sign()
  const hasBody = incoming.method === 'PUT' || incoming.method === 'POST'
  const answer = await fetch(signed.url, {
    method: incoming.method,
    headers: signed.headers,
    ...(hasBody ? { body: new Uint8Array(incoming.body) } : {}),
  })
  const kept = [...answer.headers].filter(([name]) => passed.includes(name) || name.startsWith('x-amz-'))
  const body = Buffer.from(await answer.arrayBuffer())
  // A body that was not asked for keeps its announced length.
  const shown = kept.filter(([name]) => name !== 'content-length' || incoming.method === 'HEAD')
  return { status: answer.status, headers: Object.fromEntries(shown), body }
}

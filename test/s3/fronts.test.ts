// A real S3 server behind fronts that ignore conditional writes, reject them, or are cut off. What is refused leaves the
// bucket as it was.
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { temporaryDir } from '../support/temporary.ts'
import { blobsOf, environmentOf, makeBucket, onS3, server } from './bucket.ts'
import { startFront } from './front.ts'

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    return `no error: ${String(await work)}`
  } catch (error) {
    return isVarveError(error) ? error.code : String(error)
  }
}

onS3('a front before the store', () => {
  test('that ignores conditions is found out, and refused for writing', async () => {
    const front = await startFront()
    front.rule = () => ({ ignore: ['if-none-match'] })
    const url = `s3://${await makeBucket()}/r`
    const blobs = blobsOf(url, {}, environmentOf(server().owner, front.endpoint))
    expect(await blobs.probe()).toBe('ignored')
    expect(await codeOf(blobs.create('format', utf8('x')))).toBe('VARVE_REFUSED')
    for await (const blob of blobsOf(url).list('')) expect(blob).toBe('nothing')
  })

  test.each([501, 400])(
    'that rejects conditions with %i is found out, and refused for writing',
    async (status) => {
      const front = await startFront()
      front.rule = ({ headers }) =>
        'if-none-match' in headers ? { refuse: { status, code: 'NotImplemented' } } : undefined
      const url = `s3://${await makeBucket()}/r`
      const blobs = blobsOf(url, {}, environmentOf(server().owner, front.endpoint))
      expect(await blobs.probe()).toBe('rejected')
      expect(await codeOf(blobs.create('format', utf8('x')))).toBe('VARVE_REFUSED')
      for await (const blob of blobsOf(url).list('')) expect(blob).toBe('nothing')
    },
  )

  test('that passes everything is found to keep conditions', async () => {
    const front = await startFront()
    const url = `s3://${await makeBucket()}/r`
    expect(await blobsOf(url, {}, environmentOf(server().owner, front.endpoint)).probe()).toBe('kept')
  })

  test('that loses the answers of the winners still lets one of 16 win each time', async () => {
    const front = await startFront()
    const first = new Set<string>()
    front.rule = ({ method, headers }) => {
      const writer = String(headers['x-amz-meta-varve-writer'])
      const isFirst = method === 'PUT' && !first.has(writer)
      first.add(writer)
      return isFirst ? { cut: 'after' } : undefined
    }
    const url = `s3://${await makeBucket()}`
    for (let round = 0; round < 3; round++) {
      const writers = Array.from({ length: 16 }, () =>
        blobsOf(url, { conditional: 'yes' }, environmentOf(server().owner, front.endpoint)),
      )
      const won = await Promise.all(
        writers.map((one, index) => one.create(`f${round}`, utf8(`writer ${index}`))),
      )
      expect(won.filter((one) => one)).toHaveLength(1)
      expect(utf8Text((await blobsOf(url).read(`f${round}`, 100))!)).toBe(`writer ${won.indexOf(true)}`)
    }
  })

  test('that is cut while parts are sent: the next run sends the others only', async () => {
    const front = await startFront()
    const bucket = await makeBucket()
    const dir = temporaryDir()
    const [file, journal] = [path.join(dir, 'pack'), path.join(dir, 'journal')]
    writeFileSync(file, randomBytes(24 << 20))
    const environment = environmentOf(server().owner, front.endpoint)
    const options = { conditional: 'yes', partBytes: 5 << 20 } as const
    front.rule = ({ query }) => (query.get('partNumber') === '3' ? { cut: 'before' } : undefined)
    const sent = blobsOf(`s3://${bucket}`, options, environment).upload('packs/x', file, { journal })
    expect(await codeOf(sent)).toBe('VARVE_UNREACHABLE')
    front.rule = () => undefined
    const before = front.calls.length
    await blobsOf(`s3://${bucket}`, options, environment).upload('packs/x', file, { journal })
    const parts = front.calls.slice(before).filter(({ query }) => query.has('partNumber'))
    expect(parts.length).toBeLessThan(5)
    expect(parts.map(({ query }) => query.get('partNumber'))).toContain('3')
    const read = await blobsOf(`s3://${bucket}`).read('packs/x', 24 << 20)
    expect(Buffer.compare(read!, readFileSync(file))).toBe(0)
  })
})

onS3('a clock', () => {
  test.each([-7200, 7200])('that is %i seconds off is put right by the store', async (seconds) => {
    const bucket = await makeBucket()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
    try {
      const blobs = blobsOf(`s3://${bucket}`)
      expect(await blobs.create('format', utf8('f'))).toBe(true)
      expect(utf8Text((await blobs.read('format', 10))!)).toBe('f')
    } finally {
      vi.useRealTimers()
    }
  })
})

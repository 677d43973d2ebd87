// Stores whose certificate nobody but their owner knows: trusted where AWS_CA_BUNDLE says so, and refused else.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseS3Url } from '../../../src/http/s3/address.ts'
import { S3Client } from '../../../src/http/s3/client.ts'
import { S3Blobs } from '../../../src/remote/transports/s3/s3-blobs.ts'
import { findSettings } from '../../../src/http/s3/settings.ts'
import { testEnvironment } from '../../support/memory-s3.ts'
import { temporaryDir } from '../../support/temporary.ts'
import { faultOf } from './store.ts'

const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

describe.skipIf(!hasOpenssl)(
  `over TLS${hasOpenssl ? '' : ' (skipped: no openssl to make a certificate)'}`,
  () => {
    const certificate = path.join(temporaryDir(), 'cert.pem')
    const key = path.join(path.dirname(certificate), 'key.pem')
    let server: https.Server
    let endpoint = ''

    beforeAll(async () => {
      const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=store']
      const files = ['-keyout', key, '-out', certificate]
      execFileSync('openssl', [...words, ...files, '-addext', 'subjectAltName=IP:127.0.0.1'], {
        stdio: 'ignore',
      })
      const options = { key: readFileSync(key), cert: readFileSync(certificate) }
      server = https.createServer(options, (_, response) => response.setHeader('etag', '"1"').end('over TLS'))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    })

    afterAll(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })

    async function read(environment: Record<string, string>): Promise<string> {
      const settings = findSettings({ ...testEnvironment, AWS_ENDPOINT_URL: endpoint, ...environment })
      const blobs = new S3Blobs(new S3Client(parseS3Url('s3://bucket'), settings))
      try {
        return Buffer.from((await blobs.read('format', 100))!).toString()
      } finally {
        await blobs.close()
      }
    }

    test('a certificate of AWS_CA_BUNDLE is trusted', async () => {
      expect(await read({ AWS_CA_BUNDLE: certificate })).toBe('over TLS')
    })

    test('one that nobody vouches for is not', async () => {
      expect(await faultOf(read({}))).toMatch(/^VARVE_UNREACHABLE: cannot reach .*certificate/)
    })
  },
)

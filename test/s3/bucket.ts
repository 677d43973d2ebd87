// Buckets of the tests' own on the shared server, and the way into them.
import { randomBytes } from 'node:crypto'
import { afterAll, describe, inject } from 'vitest'
import { parseS3Url } from '../../src/http/s3/address.ts'
import { S3Client } from '../../src/http/s3/client.ts'
import { S3Blobs, type S3BlobsOptions } from '../../src/remote/transports/s3/s3-blobs.ts'
import { findSettings } from '../../src/http/s3/settings.ts'
import type { S3Server, S3User } from '../support/ceph.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const why = inject('whyNoS3')
/** null: there is a server. */
export const whyNoS3: string | null = why
const opened: { close(): Promise<void> }[] = []

afterAll(async () => {
  for (const one of opened.splice(0)) await one.close()
})

/** 'on Ceph'; where there is no server, with the reason. */
export const onStore: string = why === null ? `on ${inject('s3')!.name}` : `on an S3 server (skipped: ${why})`
/** Where there is no second user: why tests that need one are skipped, for their names. */
export const withoutPoor: string =
  inject('s3')?.poor === null ? ' (skipped: VARVE_TEST_S3 names only one user)' : ''

/** Without a server they are reported as skipped, with the reason in the name. */
export function onS3(name: string, tests: () => void): void {
  describe.skipIf(why !== null)(`${name} ${onStore}`, tests)
}

export function server(): S3Server {
  return inject('s3')!
}

/** Tests that need it are skipped where there is none. */
export function poorUser(): S3User {
  return server().poor!
}

export function environmentOf(
  user: S3User = server().owner,
  endpoint: string = server().endpoint,
): Environment {
  return { AWS_ACCESS_KEY_ID: user.key, AWS_SECRET_ACCESS_KEY: user.secret, AWS_ENDPOINT_URL_S3: endpoint }
}

/** Its name. */
export async function makeBucket(user: S3User = server().owner): Promise<string> {
  const name = `b-${randomBytes(6).toString('hex')}`
  await clientOf(`s3://${name}`, environmentOf(user)).send({ method: 'PUT', key: '' })
  return name
}

export function clientOf(url: string, environment: Environment = environmentOf()): S3Client {
  const client = new S3Client(parseS3Url(url), findSettings(environment))
  opened.push(client)
  return client
}

export function blobsOf(url: string, options: S3BlobsOptions = {}, environment?: Environment): S3Blobs {
  return new S3Blobs(clientOf(url, environment), options)
}

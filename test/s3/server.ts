// One server for all tests of this folder: Ceph, started for them and ended with them, or one that is running already and
// that VARVE_TEST_S3 names: http://KEY:SECRET@127.0.0.1:9000.
import type { TestProject } from 'vitest/node'
import { type S3Server, startCeph, whyNoCeph } from '../support/ceph.ts'

declare module 'vitest' {
  interface ProvidedContext {
    s3: S3Server | null
    whyNoS3: string | null
  }
}

let stop: (() => Promise<void>) | null = null

export async function setup(project: TestProject): Promise<void> {
  const given = process.env['VARVE_TEST_S3'] ?? ''
  const { s3, why } = given === '' ? await ceph() : { s3: named(given), why: null }
  project.provide('whyNoS3', why)
  project.provide('s3', s3)
}

export async function teardown(): Promise<void> {
  await stop?.()
}

async function ceph(): Promise<{ s3: S3Server | null; why: string | null }> {
  const why = whyNoCeph()
  if (why !== null) return { s3: null, why }
  try {
    const { name, endpoint, owner, poor, stop: end } = await startCeph()
    stop = end
    return { s3: { name, endpoint, owner, poor }, why: null }
  } catch (error) {
    return { s3: null, why: `Ceph does not start here: ${String(error).split('\n')[0]!}` }
  }
}

function named(text: string): S3Server {
  const url = new URL(text)
  const owner = {
    name: 'owner',
    key: decodeURIComponent(url.username),
    secret: decodeURIComponent(url.password),
  }
  return { name: url.host, endpoint: url.origin, owner, poor: null }
}

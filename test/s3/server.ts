// One Ceph for all tests of this folder, ended with them.
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
  let why = whyNoCeph()
  let ceph: Awaited<ReturnType<typeof startCeph>> | null = null
  try {
    if (why === null) ceph = await startCeph()
  } catch (error) {
    why = `Ceph does not start here: ${String(error).split('\n')[0]!}`
  }
  project.provide('whyNoS3', why)
  project.provide(
    's3',
    ceph === null ? null : { endpoint: ceph.endpoint, owner: ceph.owner, poor: ceph.poor },
  )
  stop = ceph?.stop ?? null
}

export async function teardown(): Promise<void> {
  await stop?.()
}

// One Ceph for all tests of this folder, ended with them.
import type { TestProject } from 'vitest/node'
import { type S3Server, startCeph, whyNoCeph } from '../support/ceph.ts'

declare module 'vitest' {
  interface ProvidedContext {
    s3: S3Server | null
    whyNoS3: string | null
  }
}

export default async function start(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const why = whyNoCeph()
  project.provide('whyNoS3', why)
  if (why !== null) {
    project.provide('s3', null)
    return undefined
  }
  const { stop, ...server } = await startCeph()
  project.provide('s3', server)
  return stop
}

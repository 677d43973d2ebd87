// An object store of which one request goes wrong.
import { test } from 'vitest'
import { startMemoryS3, testEnvironment } from '../../support/memory-s3.ts'
import { cloneAndFetch, firstPush, gc, laterPush, mirror } from '../scenes.ts'
import { type Kind, spoilAll } from '../spoiled-requests.ts'

test.each(Object.entries({ firstPush, laterPush, cloneAndFetch, mirror, gc }))(
  'one request of an object store goes wrong: %s',
  async (_, scene) => {
    const kind: Kind = (front) => ({
      url: (name) => `s3://bucket/${name}`,
      environment: { ...testEnvironment, AWS_ENDPOINT_URL: front.url },
    })
    await spoilAll(kind, async () => (await startMemoryS3()).endpoint, scene)
  },
)

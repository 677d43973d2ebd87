// A server of ours of which one request goes wrong.
import { expect, test } from 'vitest'
import { serve } from '../server/serving.ts'
import { cloneAndFetch, firstPush, laterPush, lazyReads, mirror } from './scenes.ts'
import { type Kind, spoilAll } from './spoiled-requests.ts'

test.each(Object.entries({ firstPush, laterPush, cloneAndFetch, mirror, lazyReads }))(
  'one request of a server goes wrong: %s',
  async (_, scene) => {
    const serving = await serve()
    let count = 0
    const kind: Kind = (front) => {
      const number = count++
      const url = (name: string): string => `${front.url}/${name}-${number}`
      return { url, environment: { VARVE_TOKEN: serving.admin } }
    }
    await spoilAll(kind, async () => serving.url, scene)
    expect(count).toBeGreaterThan(1)
  },
)

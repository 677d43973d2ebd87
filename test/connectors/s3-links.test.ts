// Links with CSV objects of a bucket in the face of kills and faults, on a store in memory. What real stores do is tried in
// test/s3.
import { killedRoundsContract } from '../../src/contract/killed-rounds.ts'
import { linkFaultsContract } from '../../src/contract/link-faults.ts'
import { linkMasksContract } from '../../src/contract/link-masks.ts'
import { linkContract } from '../../src/contract/links.ts'
import { startMemoryS3, testEnvironment } from '../support/memory-s3.ts'
import { filesFixture } from './files-fixture.ts'

const fixture = filesFixture('CSV objects in memory', '', async () => {
  const s3 = await startMemoryS3()
  let count = 0
  return {
    stop: () => Promise.resolve(),
    fresh: () => {
      const prefix = `${++count}/`
      const textOf = (name: string): string | null => s3.files.get(prefix + name)?.body.toString() ?? null
      const ours = (): string[] => [...s3.files.keys()].filter((key) => key.startsWith(prefix))
      return Promise.resolve({
        url: `s3://bucket/${count}`,
        environment: { ...testEnvironment, AWS_ENDPOINT_URL: s3.endpoint },
        read: (name) => Promise.resolve(textOf(name)!),
        backup: () => {
          const saved = ours().map((key) => [key, s3.files.get(key)!] as const)
          return Promise.resolve(() => {
            for (const key of ours()) s3.files.delete(key)
            for (const [key, file] of saved) s3.files.set(key, file)
            return Promise.resolve()
          })
        },
        change: (name, change) => {
          s3.files.set(prefix + name, { body: Buffer.from(change(textOf(name))), headers: {} })
          return Promise.resolve()
        },
      })
    },
  }
})

linkContract(fixture)
linkMasksContract(fixture)
killedRoundsContract(fixture)
linkFaultsContract(fixture)

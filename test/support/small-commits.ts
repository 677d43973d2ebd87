// A store that gets many small commits, one an opening, as command lines make them.
import { expect } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import type { Store } from '../../src/store/interface.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { operation, putNode, setRef } from '../contract/store.ts'
import { temporaryDir } from './temporary.ts'

/** A node that links to the one before and to a chunk, which is a delta of the one before it. */
export async function addCommit(store: Store, truth: Map<Cid, string>, name: string): Promise<void> {
  const writer = store.writer()
  const text = `${Array.from({ length: 200 }, (_, i) => `row ${i}`).join(',')} ${name}`
  const base = [...truth].at(-1)?.[0]
  const chunk = writer.put('raw', utf8(text), base === undefined ? {} : { base })
  await store.update(
    (current) => {
      const tip = current.refs.get('refs/heads/main')
      return setRef('refs/heads/main', putNode(writer, name, tip === undefined ? [chunk] : [chunk, tip]))
    },
    { writer },
  )
  truth.set(chunk, text)
}

/** As so many commands, each of which opens the store and closes it. */
export async function commits(
  dir: string,
  truth: Map<Cid, string>,
  count: number,
  options = {},
): Promise<void> {
  for (let i = 0; i < count; i++) {
    const store = await DiskStore.open(dir, options)
    await addCommit(store, truth, `commit ${truth.size}`)
    await store.close()
  }
}

export async function emptyStore(auto: string): Promise<string> {
  const dir = `${temporaryDir()}/store`
  const store = await DiskStore.create(dir, { firstBranch: 'main' })
  await store.update(() => ({ config: new Map([['gc.auto', auto]]), operation }))
  await store.close()
  return dir
}

export async function expectAll(dir: string, truth: ReadonlyMap<Cid, string>): Promise<void> {
  const store = await DiskStore.open(dir)
  expect((await store.fsck()).problems).toEqual([])
  const cids = [...truth.keys()]
  const texts = (await store.get(cids)).map((bytes) => Buffer.from(bytes).toString())
  expect(texts).toEqual([...truth.values()])
  await store.close()
}

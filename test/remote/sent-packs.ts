// Packs as a client would send them: what some commits reach, in pack files of a store made for the purpose.
import fs from 'node:fs'
import path from 'node:path'
import type { Cid } from '../../src/encoding/cid.ts'
import { copyClosure } from '../../src/remote/transfer.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import type { ObjectReader } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'

export interface SentPack {
  readonly name: string
  readonly file: string
}

/** `haves` are left out, with what they reach; they must be of `from` as well. */
export async function packsOf(
  dir: string,
  from: ObjectReader,
  wants: readonly Cid[],
  haves: readonly Cid[] = [],
): Promise<SentPack[]> {
  const store = await DiskStore.create(dir)
  const writer = store.writer()
  const to = haves.length === 0 ? MemoryStore.create() : from
  const receiver = { writer, arrived: async () => {} }
  await copyClosure(
    { from, to },
    receiver,
    { wants, haves },
    {
      local: 'sender',
      phase: 'test',
    },
  )
  await store.update(() => ({ operation: { name: 'test', message: '', author: '' } }), { writer })
  await store.close()
  return packsIn(dir)
}

export function packsIn(dir: string): SentPack[] {
  const files = fs.readdirSync(path.join(dir, 'packs'), { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.pack'))
    .map((file) => ({ name: path.basename(file, '.pack'), file: path.join(dir, 'packs', file) }))
}

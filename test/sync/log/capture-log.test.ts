// Reading a log lets others have their turn.
import { expect, test } from 'vitest'
import type { LogChange, LogReader } from '../../../src/connectors/change-log.ts'
import { Tree } from '../../../src/files/tree.ts'
import { NodeStore } from '../../../src/prolly/node-store.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { UnfitTables } from '../../../src/sync/capture/unfit-tables.ts'
import { captureLog } from '../../../src/sync/log/capture-log.ts'

test('a transaction of millions of rows is left where somebody asks for it', async () => {
  const store = MemoryStore.create()
  const writer = store.writer()
  const io = { writer, nodes: new NodeStore(writer) }
  const change: LogChange = { kind: 'put', table: 'others', oldKey: null, key: [], after: [] } as never
  const changes = Array.from({ length: 3_000_000 }, () => change)
  const reader = {
    async *read() {
      await Promise.resolve()
      yield { changes, position: '1', transaction: null }
    },
  } as unknown as LogReader
  const controller = new AbortController()
  setImmediate(() => controller.abort())
  const link = {
    name: 'shop',
    endpoint: 'postgres:',
    mode: 'two-way',
    tables: [],
    into: '',
    branch: null,
  } as const
  const input = {
    reader,
    tables: [],
    before: Tree.empty(io.nodes, writer),
    unfit: await UnfitTables.load(writer, await store.manifest(), 'shop'),
    until: '1',
    link,
  }
  await expect(captureLog(io, input as never, { signal: controller.signal })).rejects.toMatchObject({
    code: 'VARVE_ABORTED',
  })
})

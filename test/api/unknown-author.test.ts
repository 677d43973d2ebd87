// What takes long and ends in a commit asks first who would sign it.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { DataRepository, Repository } from '../../src/index.ts'
import type { Connector } from '../../src/connectors/interface.ts'
import { createContext } from '../../src/repo/context.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { syncRound } from '../../src/sync/round.ts'
import { fault } from '../support/fault.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const nobody = 'VARVE_NOT_POSSIBLE: nobody has said who you are'

describe('where nobody has said who they are', () => {
  let store: MemoryStore

  beforeEach(() => {
    store = MemoryStore.create()
  })

  test('an import reads nothing of its source', async () => {
    let isRead = false
    async function* source(): AsyncGenerator<Uint8Array> {
      isRead = true
      yield Buffer.from('id,name\n2,Tim\n')
    }
    const options = { path: 'others', format: 'csv', key: ['id'] } as const
    expect(await fault(DataRepository.over(store).importTable(source(), options))).toBe(nobody)
    expect(isRead).toBe(false)
  })

  test('a first round of a link reads nothing of its endpoint, and one that brings nothing in goes on', async () => {
    const link = { name: 'shop', endpoint: 'own://x', tables: ['t'], into: '', branch: 'main' }
    const first = (mode: 'capture' | 'two-way' | 'materialize', dryRun = false): Promise<string> =>
      fault(
        syncRound({
          repo: createContext(store),
          folder: null,
          connector: unread,
          link: { ...link, mode },
          options: { dryRun },
        }),
      )
    expect(await first('capture')).toBe(nobody)
    expect(await first('two-way')).toBe(nobody)
    expect(await first('capture', true)).toBe('Error: asked')
    expect(await first('materialize')).toBe('Error: asked')
  })
})

/** Says when it is asked for anything. */
const unread = new Proxy({} as Connector, {
  get: (_, name) =>
    name === 'close'
      ? async () => undefined
      : name === 'location'
        ? 'own'
        : () => Promise.reject(new Error('asked')),
})

describe('in a folder, where nobody has said who they are', () => {
  test('a derivation runs no function, but for a dry run', async () => {
    const dir = temporaryDir()
    await using known = await Repository.init(dir, { author })
    await known.transaction('main', (tx) => {
      tx.createTable('people', { key: ['id'] }).put({ id: 1, name: 'Ada' })
    })
    await known.reset('main', { mode: 'hard' })
    await using unknown = await Repository.open(dir, {})
    let runs = 0
    const functions = [
      {
        path: 'names',
        from: 'people',
        key: ['name'],
        columns: [{ name: 'name', type: 'text' as const }],
        version: '1',
        rows: (row: Readonly<Record<string, unknown>>) => (runs++, { name: String(row['name']) }),
      },
    ]
    expect(await fault(unknown.derive({ functions }))).toBe(nobody)
    expect(runs).toBe(0)
    expect((await unknown.derive({ functions, dryRun: true })).tables[0]!.outcome).toBe('changed')
    await known.derive({ functions })
    expect((await unknown.derive({ functions })).tables[0]!.outcome).toBe('unchanged')
  })

  test('a merge, a pick and a rebase merge nothing, and a stash stages nothing', async () => {
    const dir = temporaryDir()
    const file = path.join(dir, 'people.csv')
    await using repo = await Repository.init(dir, { author })
    const commit = async (text: string): Promise<void> => {
      writeFileSync(file, text)
      await repo.add(['.'])
      await repo.commit({ message: text })
    }
    await commit('id,name\n1,Ada\n')
    await repo.switch('side', { create: true })
    await commit('id,name\n1,Tim\n')
    await repo.switch('main')
    await commit('id,name\n1,Eve\n')
    await using unknown = await Repository.open(dir, {})
    // Both sides changed one cell: who merged would find a conflict first.
    expect(await fault(unknown.merge('side'))).toBe(nobody)
    expect(await fault(unknown.cherryPick('side'))).toBe(nobody)
    expect(await fault(unknown.rebase('side'))).toBe(nobody)
    expect(await unknown.merging()).toBeNull()
    writeFileSync(file, 'id,name\n1,Bob\n')
    expect(await fault(unknown.stashes.push())).toBe(nobody)
    const { staged } = await unknown.status()
    expect(staged).toEqual([])
  })
})

// The contract of sinks, with what only those that come with Varve are put through: lines that are cut at any message, and
// processes that run at once.
import { expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { sinkContract as contract } from '../../src/contract/sink.ts'
import { type LinkedReceiver, author, patience } from '../../src/contract/sinks/linked-receiver.ts'
import type { SinkFixture } from '../../src/contract/sinks/receiver.ts'
import { varve } from '../cli/varve.ts'
import { startCutLine } from '../support/cut-line.ts'
import { temporaryDir } from '../support/temporary.ts'

export { type Message, type Receiver, type Rows, folded } from '../../src/contract/sinks/receiver.ts'

export function sinkContract(name: string, start: () => Promise<SinkFixture>): void {
  contract(name, start, lineTests)
}

function lineTests(bench: LinkedReceiver): void {
  const { sync, edit, rowsThere, rowsHere } = bench

  test(
    'the line is cut at any message of a round: it ends with the rows of the branch, each change under one id',
    async () => {
      const { hostname, port } = new URL(bench.receiver.url.replace(/^[^:]+/, 'http'))
      const line = await startCutLine({ host: '127.0.0.1', port: 0 }, { host: hostname, port: Number(port) })
      bench.link = { ...bench.link, endpoint: bench.receiver.url.replace(`:${port}`, `:${line.port}`) }
      await sync()
      let broken: string | null = ''
      for (let turn = 0; broken !== null; turn++) {
        await edit((tx) => {
          tx.table('people').put({ id: 0, name: 'Ada', age: turn })
          tx.table('people').put({ id: 10 + turn, name: 'new', age: turn })
          tx.table('sales/orders').put({ no: 1, who: turn })
        })
        line.cut(turn, turn % 2 === 0 ? 'once' : 'for good')
        const fault: unknown = await sync().catch((error: unknown) => error)
        broken = line.broken()
        line.mend()
        if (fault instanceof Error && !isVarveError(fault, 'VARVE_UNREACHABLE')) throw fault
        await sync()
        expect([turn, broken, await rowsThere()]).toEqual([turn, broken, await rowsHere()])
        expect(turn).toBeLessThan(100)
      }
      const told = new Map<string, string>()
      for (const { id, ...change } of (await bench.receiver.messages?.()) ?? []) {
        const text = JSON.stringify(change)
        expect(told.get(id) ?? text).toBe(text)
        told.set(id, text)
      }
    },
    2 * patience,
  )

  test(
    'two processes at once: who loses says so, nothing is lost, and each change is told under one id',
    async () => {
      const dir = temporaryDir()
      const { environment: env, url } = bench.receiver
      const repo = await Repository.init(dir, { author, environment: env })
      bench.repository = repo
      const { tables } = bench.link
      await edit((tx) => {
        tx.createTable('people', { key: ['id'] }).put({ id: 0, name: 'Ada', age: 30 })
        tx.createTable('sales/orders', { key: ['no'] }).put({ no: 1, who: 0 })
      })
      await repo.addLink('shop', {
        endpoint: url,
        mode: 'materialize',
        tables,
        into: 'shop',
        branch: 'main',
      })
      await repo.add(['.'])
      await repo.commit({ message: 'A link' })
      for (const name of ['one', 'two', 'three']) {
        await edit((tx) => {
          for (let id = 0; id < 600; id++) tx.table('people').put({ id, name, age: id })
        })
        const rounds = [0, 1].map(() => varve(['sync', 'shop'], { cwd: dir, env }))
        for (const { code, stderr } of await Promise.all(rounds))
          if (code !== 0)
            expect(stderr, `exit code ${code}`).toMatch(/another worker .*nothing (is lost|was written)/s)
      }
      expect((await varve(['sync', 'shop'], { cwd: dir, env })).code).toBe(0)
      expect(await rowsThere()).toEqual(await rowsHere())
      const ids = new Map<string, Set<string>>()
      for (const { id, after } of (await bench.receiver.messages?.()) ?? []) {
        const change = JSON.stringify(after)
        ids.set(change, (ids.get(change) ?? new Set()).add(id))
      }
      for (const [change, { size }] of ids) expect([change, size]).toEqual([change, 1])
      await repo.close()
    },
    patience,
  )
}

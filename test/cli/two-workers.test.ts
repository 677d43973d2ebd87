// Two processes run one link at the same moment: of one repository, or each of a repository of its own. Whatever its endpoint
// is, who loses says so and what to do next, no change of either side is lost, and none is overwritten.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { startMemoryS3, testEnvironment } from '../support/memory-s3.ts'
import { sqlServers } from '../support/sql-systems.ts'
import { temporaryDir } from '../support/temporary.ts'
import { type Finished, type RunOptions, ok, varve } from './varve.ts'

interface Worked {
  readonly url: string
  readonly env?: Readonly<Record<string, string>>
  /** A row of a user there. */
  put(id: number, n: number): Promise<void>
  rows(): Promise<string[]>
}

interface Kind {
  readonly name: string
  readonly without: string
  readonly flags: readonly string[]
  readonly start: () => Promise<{ fresh(): Promise<Worked>; stop(): Promise<void> }>
}

const first = [1, 2, 3].map((id) => `${id},0`)

const databases: readonly Kind[] = sqlServers.flatMap(({ name, without, start }) =>
  (name === 'SQLite' ? ['compare'] : ['compare', 'log']).map((changes): Kind => {
    const flags = ['--changes', changes]
    return {
      name: `${name}, ${changes}`,
      without,
      flags,
      start: async () => {
        const system = await start()
        return {
          stop: () => system.stop(),
          fresh: async () => {
            const db = await system.database()
            await db.run(
              'CREATE TABLE rows_ (id int PRIMARY KEY, n int)',
              `INSERT INTO rows_ VALUES ${first.map((row) => `(${row})`).join(', ')}`,
            )
            return {
              url: db.url,
              put: async (id, n) => {
                await db.run(`DELETE FROM rows_ WHERE id = ${id}`, `INSERT INTO rows_ VALUES (${id}, ${n})`)
              },
              rows: async () =>
                (await db.rows('SELECT id, n FROM rows_ ORDER BY id')).map((row) => row.join()),
            }
          },
        }
      },
    }
  }),
)

/** A file of CSV, which its user replaces by a new one. */
function csvFile(read: () => string, write: (text: string) => void): Pick<Worked, 'put' | 'rows'> {
  const rows = (): string[] => read().trimEnd().split('\n').slice(1)
  return {
    rows: () => Promise.resolve(rows().toSorted((a, b) => Number.parseInt(a) - Number.parseInt(b))),
    put: (id, n) => {
      const others = rows().filter((row) => Number.parseInt(row) !== id)
      write(`id,n\n${[...others, `${id},${n}`].join('\n')}\n`)
      return Promise.resolve()
    },
  }
}

const begun = `id,n\n${first.join('\n')}\n`

const files: readonly Kind[] = [
  {
    name: 'a folder',
    without: '',
    flags: ['--key', 'id'],
    start: () =>
      Promise.resolve({
        stop: () => Promise.resolve(),
        fresh: () => {
          const dir = temporaryDir()
          const file = path.join(dir, 'rows_.csv')
          fs.writeFileSync(file, begun)
          const write = (text: string): void => {
            fs.writeFileSync(`${file}.new`, text)
            fs.renameSync(`${file}.new`, file)
          }
          return Promise.resolve({
            url: `folder://${dir}`,
            ...csvFile(() => fs.readFileSync(file, 'utf8'), write),
          })
        },
      }),
  },
  {
    name: 'objects in S3',
    without: '',
    flags: ['--key', 'id'],
    start: async () => {
      const s3 = await startMemoryS3()
      let count = 0
      return {
        stop: () => Promise.resolve(),
        fresh: () => {
          const key = `${++count}/rows_.csv`
          const write = (text: string): void =>
            void s3.files.set(key, { body: Buffer.from(text), headers: {} })
          write(begun)
          return Promise.resolve({
            url: `s3://bucket/${count}`,
            env: { ...testEnvironment, AWS_ENDPOINT_URL: s3.endpoint },
            ...csvFile(() => s3.files.get(key)!.body.toString(), write),
          })
        },
      }
    },
  },
]

const turns = 2

describe.each([...databases, ...files].map((kind) => [kind.name + kind.without, kind] as const))(
  '%s',
  (_, kind) => {
    let system: Awaited<ReturnType<Kind['start']>>
    beforeAll(async () => {
      if (kind.without === '') system = await kind.start()
    }, 60_000)
    afterAll(() => system?.stop(), 60_000)

    test.skipIf(kind.without !== '')(
      'two processes of one repository at once',
      async () => {
        const { at, there } = await linked(kind, await system.fresh())
        for (let turn = 1; turn <= turns; turn++) {
          await change(at, there, turn)
          const round = (): Promise<Finished> => varve(['sync', 'shop'], at)
          const [one, other] = await Promise.all([round(), round()])
          for (const each of [one, other]) expectDone(each)
        }
        await ok(['sync', 'shop'], at)
        expect([await there.rows(), await rowsIn(at.cwd)]).toEqual([wanted(turns), wanted(turns)])
      },
      120_000,
    )

    test.skipIf(kind.without !== '')(
      'two repositories that fetch from each other, at once',
      async () => {
        const { at, there } = await linked(kind, await system.fresh())
        const other = { ...at, cwd: path.join(temporaryDir(), 'clone') }
        await ok(['clone', at.cwd, other.cwd], { cwd: path.dirname(other.cwd) })
        await ok(['remote', 'add', 'origin', other.cwd], at)
        const round = async (where: RunOptions): Promise<Finished> => {
          await ok(['fetch', 'origin'], where)
          await ok(['merge', 'origin/main'], where)
          return varve(['sync', 'shop'], where)
        }
        for (let turn = 1; turn <= turns; turn++) {
          await change(turn % 2 === 0 ? at : other, there, turn)
          for (const each of await Promise.all([round(at), round(other)])) expectDone(each)
        }
        for (const where of [at, other, at, other, at, other]) expectDone(await round(where))
        for (const rows of [await there.rows(), await rowsIn(at.cwd), await rowsIn(other.cwd)])
          expect(rows).toEqual(wanted(turns))
      },
      120_000,
    )
  },
)

async function linked(kind: Kind, there: Worked): Promise<{ at: RunOptions; there: Worked }> {
  const at = { cwd: temporaryDir(), env: there.env ?? {} }
  await ok(['init'], at)
  const link = ['link', 'add', 'shop', there.url, '--tables', 'rows_', '--mode', 'two-way', '--into', 'data']
  await ok([...link, '--branch', 'main', ...kind.flags], at)
  await ok(['add', '.'], at)
  await ok(['commit', '-m', 'A link'], at)
  await ok(['sync', 'shop'], at)
  return { at, there }
}

/** A row of each side in each turn; the last that each changes is one of its own. */
async function change({ cwd }: RunOptions, there: Worked, turn: number): Promise<void> {
  await there.put(100 + turn, turn)
  await there.put(1, turn)
  const repo = await Repository.open(cwd, { author: { name: 'Ada', email: 'ada@example.org' } })
  await repo.transaction('main', (tx) => {
    tx.table('data/rows_').put({ id: 200 + turn, n: turn })
  })
  await repo.close()
}

function wanted(last: number): string[] {
  const all = [1, last, 2, 0, 3, 0]
  for (const side of [100, 200]) for (let turn = 1; turn <= last; turn++) all.push(side + turn, turn)
  return all.flatMap((id, i) => (i % 2 === 0 ? [`${id},${all[i + 1]}`] : []))
}

const somethingWaits = 21

/** It has done its round, whatever waits for the next one; or says that another has, and what to do next. */
function expectDone({ code, stdout, stderr }: Finished): void {
  if (code === 0 || code === somethingWaits) return
  expect(stdout + stderr, `exit code ${code}`).toMatch(
    /another worker .*nothing (?:is lost|was written)|run it again/s,
  )
}

async function rowsIn(dir: string): Promise<string[]> {
  const rows: string[] = []
  const repo = await Repository.open(dir)
  for await (const row of (await repo.at('main')).table('data/rows_').scan())
    rows.push(`${Number(row['id'])},${Number(row['n'])}`)
  await repo.close()
  return rows
}

// Commands that are killed (-9) at several of the changes that they make to the file system: the repository is whole
// afterwards, and the same command comes to the end that it would have come to.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import { GitRepository } from '../git/git-repository.ts'
import { identity, json, ok, varve, varveFile } from '../cli/varve.ts'
import { startSqliteWriter } from '../support/sqlite-writer.ts'
import { temporaryDir } from '../support/temporary.ts'

const kills = 5
const preload = pathToFileURL(path.join(import.meta.dirname, 'children/dying.mjs')).href
const sqlite = startSqliteWriter()
afterAll(() => sqlite.stop())

const people = (from: number, to: number, name: string): string =>
  Array.from({ length: to - from }, (_, i) => `${from + i},${name} ${i}\n`).join('')

interface Case {
  readonly name: string
  readonly args: readonly string[]
  /** In a folder whose `repo` has people.csv of 2000 rows committed. */
  readonly prepare?: (dir: string) => Promise<void>
  /** What is to be the same however often it was killed. */
  readonly end: (dir: string) => Promise<unknown>
  /** What the command says when it was done before it was killed. */
  readonly already?: RegExp
}

/** Where a run that ends writes how many changes it made. */
const countFile = path.join(temporaryDir(), 'count')
const repoOf = (dir: string): string => path.join(dir, 'repo')
const text = (dir: string, file: string): string => fs.readFileSync(path.join(dir, file), 'utf8')

async function exported(dir: string, table: string): Promise<string> {
  return ok(['export', table, '--format', 'csv'], { cwd: repoOf(dir) })
}

async function statusOf(dir: string): Promise<unknown> {
  const { staged, unstaged, untracked } = await json(['status'], { cwd: repoOf(dir) })
  return [staged, unstaged, untracked]
}

async function moreRows(dir: string): Promise<void> {
  fs.writeFileSync(path.join(dir, 'rows.csv'), `id,name\n${people(1500, 3000, 'new')}`)
}

async function bothSides(dir: string): Promise<void> {
  await ok(['sync'], { cwd: repoOf(dir) })
  fs.writeFileSync(path.join(dir, 'more.csv'), `id,name\n${people(5000, 5100, 'ours')}`)
  await ok(['import', '../more.csv', '--as', 'live/people', '--key', 'id'], { cwd: repoOf(dir) })
  await ok(['commit', '-m', 'ours'], { cwd: repoOf(dir) })
}

async function linkSqlite(dir: string): Promise<void> {
  await sqlite.run(path.join(dir, 'app.db'), [
    'CREATE TABLE people (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL)',
    "INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace')",
  ])
}

const cases: readonly Case[] = [
  {
    name: 'import of a table',
    args: ['import', '../rows.csv', '--as', 'people.csv'],
    prepare: moreRows,
    end: async (dir) => [
      text(dir, 'repo/people.csv'),
      await exported(dir, 'people.csv'),
      await statusOf(dir),
    ],
  },
  {
    name: 'import of a table into a branch',
    args: ['import', '../rows.csv', '--as', 'people.csv', '--branch', 'new', '-m', 'more'],
    prepare: moreRows,
    end: async (dir) => [
      await exported(dir, 'new:people.csv'),
      (await json<{ items: unknown[] }>(['log', 'new'], { cwd: repoOf(dir) })).items.length,
      await statusOf(dir),
    ],
  },
  {
    name: 'cherry-pick of ten commits',
    args: ['cherry-pick', 'main..side'],
    prepare: async (dir) => {
      const repo = await Repository.open(repoOf(dir), { author: { name: 'Ada', email: 'ada@example.org' } })
      await repo.createBranch('side')
      for (let id = 0; id < 10; id++)
        await repo.transaction('side', (tx) => tx.table('people.csv').put({ id, name: `side ${id}` }), {
          message: `side ${id}`,
        })
      await repo.transaction('main', (tx) => tx.table('people.csv').put({ id: 999, name: 'main' }), {
        message: 'main',
      })
      await repo.close()
      await ok(['restore', '.'], { cwd: repoOf(dir) })
    },
    end: async (dir) => [
      text(dir, 'repo/people.csv'),
      await ok(['log', '--format', '%s'], { cwd: repoOf(dir) }),
      await statusOf(dir),
    ],
    already: /changes nothing here/,
  },
  {
    name: 'rm',
    args: ['rm', 'people.csv'],
    end: async (dir) => [fs.existsSync(path.join(dir, 'repo/people.csv')), await statusOf(dir)],
    already: /'people.csv'/,
  },
  {
    name: 'mv',
    args: ['mv', 'people.csv', 'staff.csv'],
    end: async (dir) => [text(dir, 'repo/staff.csv'), text(dir, 'repo/varve.yaml'), await statusOf(dir)],
    already: /'people.csv' is not a tracked file/,
  },
  {
    name: 'import of a Git history',
    args: ['import', 'git', '../git', '--branch', 'old'],
    prepare: async (dir) => {
      fs.mkdirSync(path.join(dir, 'git'))
      const git = new GitRepository(path.join(dir, 'git'))
      git.git('init', '-q', '-b', 'main')
      for (let i = 0; i < 5; i++) {
        git.write('a.txt', `${i}\n`)
        git.write(`${i}.csv`, `id\n${i}\n`)
        git.commit(`commit ${i}`)
      }
    },
    end: async (dir) =>
      (await json<{ items: { id: string }[] }>(['log', 'old'], { cwd: repoOf(dir) })).items.map(
        ({ id }) => id,
      ),
  },
  {
    name: 'export',
    args: ['export', 'people.csv', '-o', '../out.jsonl'],
    end: async (dir) => [text(dir, 'out.jsonl'), fs.readdirSync(dir).sort()],
  },
  {
    name: 'bundle create',
    args: ['bundle', 'create', '../all.bundle'],
    end: async (dir) => [
      await ok(['bundle', 'verify', '../all.bundle'], { cwd: repoOf(dir) }),
      fs.readdirSync(dir).sort(),
    ],
  },
  {
    name: 'link add',
    args: ['link', 'add', 'live', '../app.db', '--tables', 'people', '--mode', 'two-way'],
    prepare: linkSqlite,
    end: async (dir) => [text(dir, 'repo/varve.yaml').replaceAll(dir, ''), await statusOf(dir)],
    already: /there is a link 'live' already/,
  },
  {
    name: 'sync of a folder of files',
    args: ['sync'],
    prepare: async (dir) => {
      fs.mkdirSync(path.join(dir, 'drop'))
      const file = path.join(dir, 'drop/people.csv')
      fs.writeFileSync(file, `id,name\n${people(1, 500, 'theirs')}`)
      const url = `${pathToFileURL(path.join(dir, 'drop')).href.replace('file:', 'folder:')}?settle=0`
      await ok(['link', 'add', 'live', url, '--tables', 'people', '--mode', 'two-way', '--key', 'id'], {
        cwd: repoOf(dir),
      })
      await bothSides(dir)
      fs.appendFileSync(file, people(7000, 7100, 'theirs'))
    },
    end: async (dir) => [
      await exported(dir, 'main:live/people'),
      text(dir, 'drop/people.csv').split('\n').sort(),
    ],
  },
  {
    name: 'sync of a SQLite file',
    args: ['sync'],
    prepare: async (dir) => {
      await linkSqlite(dir)
      await ok(['link', 'add', 'live', '../app.db', '--tables', 'people', '--mode', 'two-way'], {
        cwd: repoOf(dir),
      })
      await bothSides(dir)
      await sqlite.run(path.join(dir, 'app.db'), [
        "INSERT INTO people VALUES (7, 'theirs')",
        "UPDATE people SET name = 'A' WHERE id = 1",
      ])
    },
    end: async (dir) => [
      await exported(dir, 'main:live/people'),
      await sqlite.query(path.join(dir, 'app.db'), 'SELECT id, name FROM people ORDER BY id'),
    ],
  },
]

async function dying(
  args: readonly string[],
  dir: string,
  at: number,
): Promise<{ by: string | null; code: number | null; stderr: string }> {
  const child = spawn(process.execPath, ['--import', preload, varveFile, ...args], {
    cwd: repoOf(dir),
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: dir,
      ...identity,
      VARVE_TEST_DIE_AT: String(at),
      VARVE_TEST_COUNT_FILE: countFile,
    },
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (more: string) => (stderr += more))
  const [code, by] = (await once(child, 'close')) as [number | null, string | null]
  return { code, by, stderr }
}

async function prepared(one: Case): Promise<string> {
  const dir = temporaryDir()
  const repo = await Repository.init(repoOf(dir), { author: { name: 'Ada', email: 'ada@example.org' } })
  fs.writeFileSync(path.join(repoOf(dir), 'people.csv'), `id,name\n${people(0, 2000, 'first')}`)
  await repo.track('people.csv', { key: ['id'] })
  await repo.add(['.'])
  await repo.commit({ message: 'people' })
  await repo.close()
  await one.prepare?.(dir)
  return dir
}

test.each(cases)(
  'killed anywhere, the repository is whole and the same command ends it: $name',
  async (one) => {
    const whole = await prepared(one)
    expect(await dying(one.args, whole, 0)).toMatchObject({ code: 0, by: null })
    const changes = Number(fs.readFileSync(countFile, 'utf8'))
    const wanted = await one.end(whole)
    expect(changes).toBeGreaterThan(2)
    let killed = 0
    for (let kill = 0; kill < kills; kill++) {
      const at = 1 + Math.round((kill * (changes - 1)) / (kills - 1))
      const dir = await prepared(one)
      const how = `killed at change ${at} of ${changes}`
      if ((await dying(one.args, dir, at)).by === 'SIGKILL') killed++
      const repo = await Repository.open(repoOf(dir))
      expect((await repo.fsck()).problems, how).toEqual([])
      await repo.close()
      const again = await varve(one.args, { cwd: repoOf(dir) })
      if (again.code !== 0) expect(again.stderr, how).toMatch(one.already ?? /^$/)
      expect(await one.end(dir), how).toEqual(wanted)
    }
    // A run has a change more or less than another.
    expect(killed).toBeGreaterThanOrEqual(kills - 1)
  },
  60_000,
)

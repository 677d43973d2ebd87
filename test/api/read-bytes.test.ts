// What commands read of a disk follows what has changed, not what there is: bytes of all reads of this process, as Linux
// counts them, with the modules that are loaded meanwhile.
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'

const counter = '/proc/self/io'
const without = fs.existsSync(counter) ? '' : ' (skipped: the system does not count what a process reads)'
const rowCount = 120_000
const author = { name: 'Ada', email: 'ada@example.org' }

function bytesRead(): number {
  return Number(/^rchar: (\d+)$/m.exec(fs.readFileSync(counter, 'utf8'))![1])
}

describe.skipIf(without !== '')(`bytes that are read${without}`, () => {
  const dir = temporaryDir()
  const file = path.join(dir, 'people.csv')
  let fileBytes = 0

  /** What is read within a moment of being written is read again: it might have changed without a trace. */
  const atRest = (): Promise<void> => new Promise((done) => setTimeout(done, 100))

  async function writeRows(edits: ReadonlyMap<number, string>): Promise<void> {
    const rows = Array.from({ length: rowCount }, (_, i) => {
      const digest = Math.imul(i + 1, 2654435761) >>> 0
      return `${i},${edits.get(i) ?? `name ${digest}`},${digest.toString(36)}@example.org,${digest % 1000}\n`
    })
    fs.writeFileSync(file, `id,name,mail,amount\n${rows.join('')}`)
    fileBytes = fs.statSync(file).size
    await atRest()
  }

  /** A repository opened for this alone has nothing in memory. The part of the file's size that it read. */
  async function partRead(work: (repo: Repository) => Promise<unknown>): Promise<number> {
    const repo = await Repository.open(dir, { author })
    try {
      const before = bytesRead()
      await work(repo)
      return (bytesRead() - before) / fileBytes
    } finally {
      await repo.close()
    }
  }

  beforeAll(async () => {
    const repo = await Repository.init(dir, { author })
    try {
      await writeRows(new Map())
      await repo.track('people.csv', { key: ['id'] })
      await repo.add(['people.csv', 'varve.yaml'])
      await repo.commit({ message: 'first' })
      await repo.createBranch('theirs')
      await writeRows(new Map([[100, 'ours']]))
      await repo.commit({ message: 'second', all: true })
    } finally {
      await repo.close()
    }
  }, 60_000)

  test('a status reads nothing of a file that nobody touched, a diff of two versions what differs', async () => {
    expect(await partRead((repo) => repo.status())).toBeLessThan(0.05)
    const rows: string[] = []
    const read = await partRead(async (repo) => {
      for await (const diff of repo.diff({ from: 'HEAD~1', to: 'HEAD' })) rows.push(diff.path)
    })
    expect(rows).toEqual(['people.csv'])
    expect(read).toBeLessThan(0.05)
  })

  test('a switch, a commit and a merge read the file once', async () => {
    expect(await partRead((repo) => repo.switch('theirs'))).toBeLessThan(1.4)
    await writeRows(new Map([[50_000, 'theirs']]))
    expect(await partRead((repo) => repo.commit({ message: 'third', all: true }))).toBeLessThan(1.4)
    expect(await partRead((repo) => repo.switch('main'))).toBeLessThan(1.4)
    await atRest()
    await partRead((repo) => repo.status())
    expect(await partRead((repo) => repo.merge('theirs'))).toBeLessThan(1.4)
    const text = fs.readFileSync(file, 'utf8')
    expect(text).toContain('\n100,ours,')
    expect(text).toContain('\n50000,theirs,')
  })
})

// Random schedules of commands by users of one remote, in which calls of the file system fail, the disk is full, commands
// end in the middle, and files change while they are read. However they go: no edit is lost that no
// commit has, what was said to be done is there, and every repository is whole. VARVE_TEST_SECONDS makes it longer,
// VARVE_TEST_SEED repeats a run.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { Random } from '../property/hostile-values.ts'
import { type FsCall, watchingFs } from '../support/fs-calls.ts'
import { type RanHere, runHere } from '../support/run-here.ts'
import { casesMax, seedOf } from '../support/seed.ts'
import { temporaryDir } from '../support/temporary.ts'
import { User, held } from './schedule-users.ts'

const seconds = Number(process.env['VARVE_TEST_SECONDS'] ?? 30)
const seed = seedOf(process.env['VARVE_TEST_SEED'])
const checkedEvery = 20

/** Some settle what others left; many are refused, as they would be to people. */
const commands = [
  'commit -am work',
  'commit -am work',
  'commit -am work',
  'add t.csv',
  'commit -m part',
  'push origin main',
  'push origin main',
  'push origin main',
  'fetch',
  'pull',
  'pull --autostash',
  'pull --rebase --autostash',
  'pull --rebase --autostash',
  'rebase --autostash origin/main',
  'merge --autostash origin/main',
  'stash',
  'stash push -u -m words',
  'stash pop',
  'stash pop --index',
  'stash apply',
  'undo',
  'gc',
  'gc --aggressive',
  'derive',
  'switch -c side',
  'switch side',
  'switch main',
  'merge side -m side',
  'cherry-pick origin/main',
  'cherry-pick side',
  'revert HEAD',
  'reset HEAD~1',
  'bundle create ../some.bundle --all',
  'mirror ../remote ../copy',
  'fetch --depth 3',
  'fetch --unshallow',
  'clean -n',
  'resolve --all --theirs',
  'resolve --all --ours',
  'merge --continue',
  'merge --abort',
  'rebase --continue',
  'rebase --abort',
  'rebase --skip',
  'cherry-pick --continue',
  'cherry-pick --abort',
]

class Schedule {
  readonly base: string = temporaryDir()
  readonly random: Random
  readonly users: User[]
  readonly faults: string[] = []
  readonly told: string[] = []
  readonly #pushed = new Set<string>()

  constructor(random: Random) {
    this.random = random
    this.users = ['ann', 'bob', 'cat', 'dan'].map((name) => new User(this.base, name))
  }

  async start(): Promise<void> {
    const [ann] = this.users
    const rows = (letter: string): string =>
      `id,a,b\n${Array.from({ length: 60 }, (_, i) => `${i},${letter}${i},y${i}\n`).join('')}`
    const derive =
      'derive:\n  d.csv:\n    from: {t: t.csv}\n    sql: select id, a || b as ab from t\n    key: id\n'
    const files = {
      't.csv': rows('x'),
      'u.csv': rows('z'),
      'a.txt': 'a line\n'.repeat(40),
      'varve.yaml': `tables:\n  t.csv:\n    key: id\n  u.csv:\n    key: id\n${derive}`,
    }
    for (const name of ['ann', 'remote']) fs.mkdirSync(path.join(this.base, name))
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(ann!.dir, name), text)
    const first = ['init', 'add .', 'commit -m first', 'derive', 'remote add origin ../remote']
    const clones = [
      'clone ../remote ../bob',
      'clone --depth 1 ../remote ../cat',
      'clone --filter *.csv ../remote ../dan',
    ]
    await this.#must('remote', 'init --bare .')
    for (const line of [...first, 'push -u origin main', ...clones]) await this.#must('ann', line)
  }

  /** One step of one user; it may go wrong in one of many ways. */
  async step(): Promise<void> {
    const { random } = this
    const user = random.one(this.users)
    if (random.below(3) === 0) return user.edit(random)
    const line = random.one(commands)
    const { ran, how } = await this.#attacked(user, line)
    this.told.push(`${user.name}$ varve ${line} (${how}) -> ${ran.code} ${ran.stderr.slice(0, 300)}`)
    if (ran.code === 70 || (ran.code === 50 && how === '')) this.faults.push(this.told.at(-1)!)
    if (ran.code !== 0) return
    if (/^(commit|merge|revert|cherry-pick)/.test(line)) user.commits.add(await this.#nameOf(user, 'HEAD'))
    if (line.startsWith('push')) this.#pushed.add(await this.#nameOf(user, 'main'))
  }

  /** What no schedule may break. */
  async check(): Promise<void> {
    for (const { name } of [...this.users, { name: 'remote' }]) {
      const ran = await runHere(['fsck'], path.join(this.base, name))
      if (ran.code !== 0) this.faults.push(`fsck of ${name}: ${ran.stdout}${ran.stderr}`)
    }
    for (const user of this.users)
      this.faults.push(...user.lost().map((what) => `${user.name} has lost ${what}`))
    const { names } = held(path.join(this.base, 'remote'))
    for (const commit of this.#pushed)
      if (!names.has(commit)) this.faults.push(`pushed ${commit} is not in the remote`)
  }

  async #attacked(user: User, line: string): Promise<{ ran: RanHere; how: string }> {
    const { random } = this
    const work = (): Promise<RanHere> => runHere(line.split(' '), user.dir)
    const kind = random.below(8)
    if (kind > 3) return { ran: await work(), how: '' }
    const at = 1 + random.below(random.one([5, 40, 200]))
    const code = random.one(['ENOSPC', 'EIO', 'EACCES'])
    let calls = 0
    const fail = ({ name, path: file }: FsCall): never => {
      throw Object.assign(new Error(`${code}: injected, ${name} '${file}'`), {
        code,
        syscall: name,
        path: file,
      })
    }
    const before = (call: FsCall): void => {
      if (kind === 0 && call.writes && ++calls === at) fail(call)
      if (kind === 1 && call.writes && ++calls >= at) fail(call)
      if (kind === 2 && !call.writes && call.name.startsWith('read') && ++calls === at) fail(call)
    }
    let isEditing = false
    const after = ({ name, path: file }: FsCall): void => {
      const isRead = name.startsWith('read') && /^\/[a-z]+\/[a-z]\.(csv|txt)$/.test(file)
      if (kind !== 3 || !isRead || isEditing || ++calls > 2) return
      // The edit itself reads, too.
      isEditing = true
      user.edit(random)
      isEditing = false
    }
    const how = [`write ${at}: ${code}`, `dies at write ${at}`, `read ${at}: ${code}`, 'edited while read'][
      kind
    ]!
    return { ran: await watchingFs(this.base, { before, after }, work), how }
  }

  async #must(name: string, line: string): Promise<void> {
    const ran = await runHere(line.split(' '), path.join(this.base, name))
    expect(ran.code, `varve ${line}: ${ran.stderr}`).toBe(0)
  }

  async #nameOf(user: User, revision: string): Promise<string> {
    const { stdout } = await runHere(['rev-parse', revision], user.dir)
    return `01711220${stdout.trim()}`
  }
}

test(
  'no schedule loses an edit, or what was said to be done',
  async () => {
    const random = new Random(seed)
    const end = performance.now() + seconds * 1000
    const last = casesMax(4)
    for (let round = 0; round < 1 || (round < last && performance.now() < end); round++) {
      const schedule = new Schedule(random)
      await schedule.start()
      for (let i = 1; i <= 200 && schedule.faults.length === 0 && performance.now() < end; i++) {
        await schedule.step()
        if (i % checkedEvery === 0) await schedule.check()
      }
      await schedule.check()
      expect(
        schedule.faults,
        `round ${round} of seed ${seed}:\n${schedule.told.slice(-60).join('\n')}`,
      ).toEqual([])
      fs.rmSync(schedule.base, { recursive: true, force: true })
    }
  },
  (seconds + 180) * 1000,
)

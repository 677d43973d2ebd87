// Real processes at once on one repository, on a clone of it and on the remote of both: two work in the same folder, commands
// by chance, and some are killed (-9), stopped or held up at any moment. What a process said was done is there at the end, and all is whole.
// VARVE_TEST_SECONDS and VARVE_TEST_SEEDS ('1,2,3') make it longer.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { type Cid, type CommitCid, digestHex } from '../../src/encoding/cid.ts'
import { walkCommits } from '../../src/history/ancestry.ts'
import { Repository } from '../../src/index.ts'
import { identity, ok, varveFile } from '../cli/varve.ts'
import { seedOf } from '../support/seed.ts'
import { temporaryDir } from '../support/temporary.ts'

const seconds = Number(process.env['VARVE_TEST_SECONDS'] ?? 12)
const seeds = (process.env['VARVE_TEST_SEEDS'] ?? String(seedOf(undefined))).split(',').map(Number)
/** Answers, not faults: nothing to do, not now, a conflict, uncommitted changes, no such ref, refused. */
const answers = new Set([0, 20, 21, 29, 40, 43, 44, 61])

interface Acknowledged {
  readonly repository: string
  readonly id: string
  readonly by: string
}

type Random = (below: number) => number

function randomOf(seed: number): Random {
  let state = seed * 7919 + 1
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >> 8) % below
  }
}

/** What happens to a process on its way: it is killed, stopped, or held up and let go on. */
interface Fate {
  readonly killedMs?: number
  readonly heldMs?: readonly [from: number, to: number]
  /** Somebody presses Ctrl-C. */
  readonly stoppedMs?: number
}

function fateOf(random: Random): Fate {
  const at = 50 + random(200)
  const what = random(10)
  if (what < 3) return { killedMs: at }
  if (what === 3) return { heldMs: [at, at + random(1000)] }
  return what < 6 ? { stoppedMs: at + random(300) } : {}
}

class Trial {
  readonly dir: string = temporaryDir()
  readonly commits: Acknowledged[] = []
  readonly pushes: Acknowledged[] = []
  readonly faults: string[] = []
  runs = 0
  kills = 0
  stops = 0
  /** Messages of commits that were not made, as it was said. */
  readonly denied: string[] = []
  #marks = 0
  #endMs = 0

  async begin(): Promise<void> {
    const cwd = path.join(this.dir, 'a')
    fs.mkdirSync(cwd)
    const write = (file: string, content: string): void => fs.writeFileSync(path.join(cwd, file), content)
    write('t.csv', `id,v\n${Array.from({ length: 50 }, (_, i) => `${i},start\n`).join('')}`)
    for (const name of ['0', '1', '2', '3']) write(`${name}.txt`, 'start\n')
    const steps = [
      'init',
      'track t.csv --key id',
      'add .',
      'commit -m First',
      'branch side',
      'remote add origin ../remote',
      'push -u origin main side',
      'clone ../remote ../b',
    ]
    for (const step of steps) await ok(step.split(' '), { cwd })
    this.#endMs = performance.now() + seconds * 1000
  }

  /** On a slow machine until there is something to lose. */
  get #isOn(): boolean {
    return this.faults.length === 0 && (performance.now() < this.#endMs || this.commits.length === 0)
  }

  async actor(name: string, repository: string, random: Random): Promise<void> {
    while (this.#isOn) {
      const words = this.#command(name, repository, random)
      await this.#run(repository, words, fateOf(random))
    }
  }

  /** Of the remote: nobody works there, but it is collected and looked at. */
  async keeper(random: Random): Promise<void> {
    while (this.#isOn) {
      const words = [['gc'], ['fsck'], ['log', 'main']][random(3)]!
      await this.#run('remote', words, fateOf(random))
    }
  }

  #command(name: string, repository: string, random: Random): string[] {
    const other = random(2) === 0 ? 'main' : 'side'
    const commands: (() => string[])[] = [
      ...Array.from({ length: 6 }, () => () => this.#edited(name, repository, random)),
      () => ['switch', other],
      () => ['merge', other],
      () => ['push', 'origin', other],
      () => ['push', 'origin', other],
      () => ['pull'],
      () => ['pull', '--rebase'],
      () => ['fetch'],
      () => ['gc'],
      () => ['fsck'],
      () => ['status'],
      () => ['log', '--oneline'],
      () => ['diff', '--stat'],
      () => ['stash', 'push'],
      () => ['stash', 'pop'],
      () => ['resolve', '.', '--ours'],
      () => ['merge', '--continue', '-m', 'Merge'],
      () => ['merge', '--abort'],
      () => ['undo'],
      () => ['restore', `${name}.txt`],
    ]
    return commands[random(commands.length)]!()
  }

  #edited(name: string, repository: string, random: Random): string[] {
    const mark = `mark ${++this.#marks}`
    const file = random(3) === 0 ? 't.csv' : `${name}.txt`
    const place = path.join(this.dir, repository, file)
    const line = file === 't.csv' ? `${1000 + this.#marks},${mark}\n` : `${mark}\n`
    if (fs.existsSync(place)) fs.appendFileSync(place, line)
    return ['commit', '-am', mark]
  }

  /** A commit that is not named among what was done must not be there. */
  #stopped([verb, , message]: readonly string[], stderr: string): void {
    this.stops++
    const said = documentIn(stderr) as { error: { data: { done?: { name: string }[] } } } | null
    if (verb !== 'commit' || said === null) return
    if (said.error.data.done?.some(({ name }) => name === 'commit') !== true) this.denied.push(message!)
  }

  async #run(repository: string, words: readonly string[], fate: Fate): Promise<void> {
    const child = spawn(process.execPath, [varveFile, ...words, '--json'], {
      cwd: path.join(this.dir, repository),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: this.dir, ...identity, VARVE_AUTHOR_DATE: '' },
    })
    const send = (signal: NodeJS.Signals, afterMs: number | undefined): NodeJS.Timeout | undefined =>
      afterMs === undefined ? undefined : setTimeout(() => child.kill(signal), afterMs)
    const timers = [
      send('SIGKILL', fate.killedMs),
      send('SIGINT', fate.stoppedMs),
      send('SIGSTOP', fate.heldMs?.[0]),
      send('SIGCONT', fate.heldMs?.[1]),
    ]
    const [stdout, stderr, [code, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null, string | null]>,
    ])
    timers.forEach((timer) => clearTimeout(timer))
    this.runs++
    const by = `${repository}: varve ${words.join(' ')}`
    if (fate.killedMs !== undefined && signal === 'SIGKILL') this.kills++
    else if (fate.stoppedMs !== undefined && (code === 130 || signal === 'SIGINT'))
      this.#stopped(words, stderr)
    else if (!answers.has(code ?? -1)) this.faults.push(`${by} (${code ?? signal}): ${stderr}${stdout}`)
    // What was printed whole counts, even of one that was killed then.
    const said = documentIn(stdout)
    if (said === null || (code ?? 0) !== 0) return
    if (words[0] === 'commit') this.commits.push({ repository, id: String(said['id']), by })
    for (const { ref, after } of words[0] === 'push' ? (said['updates'] as Update[]) : [])
      if (after !== null) this.pushes.push({ repository: ref, id: after, by })
  }
}

interface Update {
  readonly ref: string
  readonly after: string | null
}

function documentIn(stdout: string): Record<string, unknown> | null {
  try {
    return JSON.parse(stdout) as Record<string, unknown>
  } catch {
    return null
  }
}

/** All commits that these reach: their messages by id. */
async function reached(repo: Repository, tips: Iterable<Cid>): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const { cid, message } of walkCommits(repo.repo.store, [...tips] as CommitCid[]))
    found.set(digestHex(cid), message)
  return found
}

async function everKept(repo: Repository): Promise<Set<Cid>> {
  const tips = new Set<Cid>()
  const take = (refs: ReadonlyMap<string, Cid>): void => {
    for (const [ref, cid] of refs) if (ref.startsWith('refs/heads/') || ref === 'HEAD') tips.add(cid)
  }
  take((await repo.repo.store.manifest()).refs)
  for await (const { refs } of repo.repo.store.manifests()) take(refs)
  return tips
}

test.each(seeds)(
  'processes at once, some of them killed, lose nothing that they said was done (seed %i)',
  async (seed) => {
    const trial = new Trial()
    await trial.begin()
    await Promise.all([
      trial.actor('0', 'a', randomOf(seed)),
      trial.actor('1', 'a', randomOf(seed + 1)),
      trial.actor('2', 'b', randomOf(seed + 2)),
      trial.keeper(randomOf(seed + 3)),
    ])
    const how = `${trial.runs} runs, ${trial.kills} killed, ${trial.stops} stopped (${trial.denied.length} commits), ${trial.commits.length} commits, ${trial.pushes.length} pushes`
    expect(trial.faults, how).toEqual([])
    for (const name of ['a', 'b', 'remote']) {
      await using repo = await Repository.open(path.join(trial.dir, name))
      expect((await repo.fsck()).problems, `${name}, ${how}`).toEqual([])
      const kept = await reached(repo, await everKept(repo))
      const lost = trial.commits.filter(({ repository, id }) => repository === name && !kept.has(id))
      expect(lost, how).toEqual([])
      const messages = new Set(kept.values())
      expect(
        trial.denied.filter((message) => messages.has(message)),
        how,
      ).toEqual([])
    }
    await using remote = await Repository.open(path.join(trial.dir, 'remote'))
    const { refs } = await remote.repo.store.manifest()
    for (const { repository: ref, id, by } of trial.pushes)
      expect((await reached(remote, [refs.get(ref)!])).has(id), `${by}, ${how}`).toBe(true)
    await ok(['clone', 'remote', 'c'], { cwd: trial.dir })
    expect(trial.commits.length, how).toBeGreaterThan(0)
    if (process.env['VARVE_TEST_SEEDS'] !== undefined) console.log(`seed ${seed}: ${how}`)
  },
  (seconds + 180) * 1000,
)

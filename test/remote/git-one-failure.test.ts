// A Git host of which one request goes wrong, or one run of `git`, or one call of the file system where its copy lies.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openRemote } from '../../src/remote/transports/open.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { failingOnce } from '../support/failing-once.ts'
import { environment } from '../support/git-host.ts'
import { type GitHttpServer, serveGit } from '../support/git-http-server.ts'
import { temporaryDir } from '../support/temporary.ts'
import {
  type Setting,
  cloneAndFetch,
  firstCommit,
  firstPush,
  gc,
  laterPush,
  mirror,
  tryEach,
} from './scenes.ts'
import { type Kind, type Way, fewWays, spoilAll } from './spoiled-requests.ts'

const scenes = Object.entries({ firstPush, laterPush, cloneAndFetch, mirror, gc })
const pushWays: readonly Way[] = [
  ...fewWays,
  ['cut', 'for good'],
  ['done, and half of the answer given for all of it', 'once'],
]
/** laterPush tries its push in all of them. */
const readWays = fewWays.filter(([, lasting]) => lasting === 'once')
const servers: GitHttpServer[] = []

afterAll(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** A bare repository of that name, made when it is first asked for. */
function bareIn(folder: string, name: string): string {
  const dir = path.join(folder, `${name}.git`)
  if (!fs.existsSync(dir)) execFileSync('git', ['init', '-q', '--bare', dir], { env: environment })
  return dir
}

test.each(scenes)(
  'one request of a Git host goes wrong: %s',
  async (_, scene) => {
    const ways = scene === laterPush ? pushWays : scene === cloneAndFetch ? readWays : fewWays
    for (const [i, way] of ways.entries()) {
      const folder = temporaryDir()
      const kind: Kind = (front) => ({
        url: (name) => `git+${front.url}/${path.basename(bareIn(folder, name))}`,
        environment,
      })
      const target = async (): Promise<string> => {
        const server = await serveGit(folder)
        servers.push(server)
        return server.url
      }
      // Git's requests are slow: where no branch moves, each way spoils every other one.
      const which = scene === laterPush ? {} : { stride: 2, from: i % 2 }
      await spoilAll(kind, target, scene, [way], which)
    }
  },
  300_000,
)

interface GitFolders extends Setting {
  readonly root: string
  readonly environment: Record<string, string>
}

async function gitFolders(surroundings: Record<string, string> = {}): Promise<GitFolders> {
  const root = temporaryDir()
  const local = await DiskStore.create(path.join(root, 'store'))
  await firstCommit(local)
  let others = 0
  return {
    root,
    environment: { ...environment, ...surroundings },
    local,
    another: async () => ({ store: await DiskStore.create(path.join(root, `other${others++}`)) }),
    with: async (work, { name = 'r', cache = 'cache' } = {}) => {
      const url = `git+file://${bareIn(temporaryHost(root), name)}`
      const options = { cacheDir: path.join(root, cache), create: true }
      const remote = await openRemote(url, { ...options, environment: { ...environment, ...surroundings } })
      try {
        return await work(remote)
      } finally {
        await remote.close()
      }
    },
  }
}

/** Beside, so that only what is ours goes wrong. */
function temporaryHost(root: string): string {
  const folder = `${root}-host`
  fs.mkdirSync(folder, { recursive: true })
  return folder
}

/** Stands before `git`: counts its runs, and lets the one whose number is in the file `at` go wrong, or all from there on. */
function gitBefore(dir: string): Record<string, string> {
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()
  const lines = [
    '#!/bin/sh',
    `n=$(cat '${dir}/count'); echo $((n + 1)) > '${dir}/count'; read at how lasting < '${dir}/plan'`,
    'if [ "$n" = "$at" ] || { [ "$lasting" = "for-good" ] && [ "$n" -gt "$at" ]; }; then',
    `  echo "$@" > '${dir}/struck'`,
    `  [ "$how" = "done" ] && [ "$n" = "$at" ] && '${real}' "$@" > /dev/null 2>&1`,
    '  echo "fatal: the line went down" >&2; exit 128',
    'fi',
    `exec '${real}' "$@"`,
  ]
  fs.mkdirSync(dir)
  fs.writeFileSync(path.join(dir, 'git'), `${lines.join('\n')}\n`, { mode: 0o755 })
  return { PATH: `${dir}:${environment['PATH']!}` }
}

describe.each([
  ['refused', 'once'],
  ['refused', 'for-good'],
  ['done', 'once'],
  ['done', 'for-good'],
])('one run of git is %s, and its answer lost, %s', (how, lasting) => {
  test.each(scenes)('%s', async (_, scene) => {
    const dir = path.join(temporaryDir(), 'bin')
    const setting = await gitFolders(gitBefore(dir))
    const plan = (at: number): void => {
      fs.writeFileSync(`${dir}/plan`, `${at} ${how} ${lasting}\n`)
      fs.writeFileSync(`${dir}/count`, '0\n')
      fs.rmSync(`${dir}/struck`, { force: true })
    }
    plan(-1000)
    if (lasting === 'for-good') plan(1_000_000)
    const count = await tryEach(setting, scene, async (n, work) => {
      plan(n)
      await work()
      const struck = fs.existsSync(`${dir}/struck`) ? fs.readFileSync(`${dir}/struck`, 'utf8') : null
      plan(1_000_000)
      return struck
    })
    expect(count).toBeGreaterThan(2)
  })
})

test.each(scenes)('one call of the file system fails where a Git host is copied: %s', async (_, scene) => {
  const setting = await gitFolders()
  const count = await tryEach(
    setting,
    scene,
    async (n, work) => {
      const failed = await failingOnce(n + 1, setting.root, work)
      return failed === null ? null : `${failed.call} ${failed.target}`
    },
    { stride: scene === cloneAndFetch ? 41 : 17 },
  )
  expect(count).toBeGreaterThan(10)
})

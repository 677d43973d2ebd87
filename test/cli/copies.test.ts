// Several places for one history: mirrors, pushes to all of them, and fetches from whichever is whole.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve, varveFile } from './varve.ts'

// Each test is ten processes or so.
vi.setConfig({ testTimeout: 120_000 })

const dir = temporaryDir()
const at = { cwd: dir }
const here = { cwd: path.join(dir, 'work') }
const [hub, backup, third] = ['hub', 'backup', 'third'].map((name) => path.join(dir, name))

async function commit(name: string): Promise<void> {
  writeFileSync(path.join(here.cwd, `${name}.txt`), `${name}\n`.repeat(1000))
  await ok(['add', '.'], here)
  await ok(['commit', '-m', name], here)
}

async function headOf(place: string): Promise<string> {
  const { items } = await json<{ items: { id: string }[] }>(['log', '-n', '1'], { cwd: place })
  return items[0]!.id
}

beforeAll(async () => {
  mkdirSync(here.cwd)
  await ok(['init'], here)
  await commit('first')
  await ok(['remote', 'add', 'origin', hub!], here)
  await ok(['push', '-u', 'origin', 'main'], here)
}, 30_000)

describe('one remote at several places', () => {
  test('push goes to all of them, and tells what moved where', async () => {
    await ok(['remote', 'set-url', '--add', '--push', 'origin', backup!], here)
    await ok(['remote', 'set-url', '--add', '--fallback', 'origin', backup!], here)
    expect(await json(['remote'], here)).toEqual({
      items: [{ name: 'origin', url: hub, pushUrls: [hub, backup], fallbacks: [backup] }],
    })
    expect(await ok(['remote'], here)).toMatch(
      /origin .*hub *\n.*hub +\(push\)\n.*backup +\(push\)\n.*backup +\(fallback\)\n/,
    )
    await commit('second')
    const pushed = await json<{ url: string; copies: { url: string; updates: object[] }[] }>(['push'], here)
    expect(pushed).toMatchObject({ url: hub, copies: [{ url: backup }] })
    expect(pushed.copies[0]!.updates).toHaveLength(1)
    expect(await headOf(hub!)).toBe(await headOf(backup!))
  })

  test('one that fails is named, the others have it, and the next push catches up', async () => {
    await commit('third')
    renameSync(backup!, `${backup}-away`)
    writeFileSync(backup!, 'no folder')
    const failed = await varve(['push'], here)
    expect(failed.code).toBe(61)
    expect(failed.stderr).toContain(`pushed to '${hub}', but not to '${backup}':`)
    expect(await headOf(hub!)).toBe(await headOf(here.cwd))
    const error = await varve(['push', '--json'], here)
    expect(JSON.parse(error.stderr)).toMatchObject({
      error: { code: 'VARVE_REFUSED', data: { pushed: [{ url: hub }], failed: [{ url: backup }] } },
    })
    rmSync(backup!)
    renameSync(`${backup}-away`, backup!)
    expect(await json(['push'], here)).toMatchObject({
      updates: [],
      copies: [{ updates: [{ ref: 'refs/heads/main' }] }],
    })
    expect(await headOf(backup!)).toBe(await headOf(here.cwd))
  })

  test('fetch falls back to a copy when the remote is down or has lost objects, and says so', async () => {
    await ok(['clone', hub!, 'reader'], at)
    const reader = { cwd: path.join(dir, 'reader') }
    await ok(['remote', 'set-url', '--add', '--fallback', 'origin', backup!], reader)
    await commit('fourth')
    await ok(['push'], here)
    renameSync(hub!, `${hub}-away`)
    const down = await varve(['fetch'], reader)
    expect([down.code, down.stderr]).toEqual([0, expect.stringContaining(`'${hub}' cannot be reached`)])
    expect(down.stderr).toContain(`going on with '${backup}'`)
    renameSync(`${hub}-away`, hub!)
    await commit('fifth')
    await ok(['push'], here)
    const packs = path.join(hub!, 'packs')
    for (const entry of readdirSync(packs, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) rmSync(path.join(entry.parentPath, entry.name))
    const damaged = await varve(['pull'], reader)
    expect([damaged.code, damaged.stderr]).toEqual([
      0,
      expect.stringContaining('has lost or damaged objects'),
    ])
    expect(await headOf(reader.cwd)).toBe(await headOf(here.cwd))
    expect(await json(['fsck'], reader)).toMatchObject({ problems: [] })
    rmSync(hub!, { recursive: true })
    await ok(['push', '--tags', 'origin', 'main'], here)
    expect(await headOf(hub!)).toBe(await headOf(here.cwd))
  })

  test('addresses are changed, added and removed one by one', async () => {
    expect(await varve(['remote', 'set-url', '--add', 'origin', '/elsewhere'], here)).toMatchObject({
      code: 2,
    })
    expect(await varve(['remote', 'set-url', '--push', '--delete', 'origin', '/x'], here)).toMatchObject({
      code: 43,
    })
    await ok(['remote', 'set-url', '--push', '--delete', 'origin', backup!], here)
    expect(await json(['remote'], here)).toMatchObject({ items: [{ pushUrls: [hub] }] })
    expect(await varve(['remote', 'set-url', 'nobody', '/x'], here)).toMatchObject({ code: 43 })
  })
})

describe('a mirror', () => {
  test('is made and kept exact, deletions included', async () => {
    await ok(['branch', 'extra'], here)
    await ok(['tag', 'v1'], here)
    expect(await ok(['mirror', here.cwd, third!], at)).toMatch(
      /^mirrored 3 refs, 5 commits, .*\n  \* new main/,
    )
    expect(await ok(['mirror', here.cwd, third!], at)).toBe('in step\n')
    await ok(['branch', '-D', 'extra'], here)
    const { updates } = await json<{ updates: object[] }>(['mirror', '.', third!], here)
    expect(updates).toEqual([expect.objectContaining({ ref: 'refs/heads/extra', after: null })])
    expect(await json(['fsck'], { cwd: third! })).toMatchObject({ problems: [] })
    expect(await varve(['mirror', third!, here.cwd], at)).toMatchObject({ code: 61 })
  })

  test('is not emptied by a source that is', async () => {
    await ok(['init', '--bare', 'empty'], at)
    const refused = await varve(['mirror', path.join(dir, 'empty'), third!], at)
    expect([refused.code, refused.stderr]).toEqual([61, expect.stringContaining('--allow-deletions 2')])
    expect(await headOf(third!)).toBe(await headOf(here.cwd))
  })

  test('follows its source until Ctrl-C', async () => {
    const child = spawn(
      process.execPath,
      [varveFile, 'mirror', '--follow', '--every', '100ms', '--json', 'origin', third!],
      { cwd: here.cwd, env: { PATH: process.env['PATH'], HOME: dir } },
    )
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
    const events = (): { kind: string; lagMs: number; commits: number }[] =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as ReturnType<typeof events>[number])
    const until = async (isTime: () => boolean): Promise<void> => {
      while (!isTime()) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    onTestFinished(() => void child.kill('SIGKILL'))
    await until(() => events().length > 1)
    await commit('sixth')
    await ok(['push'], here)
    await until(() => events().some(({ commits }) => commits === 1))
    const seen = events().find(({ commits }) => commits === 1)!
    expect(seen.kind).toBe('mirrored')
    expect(seen.lagMs).toBeLessThan(10_000)
    await until(() => events().at(-1)!.kind === 'in step')
    child.kill('SIGINT')
    expect((await once(child, 'close'))[0]).toBe(0)
    expect(await headOf(third!)).toBe(await headOf(here.cwd))
  }, 60_000)

  test.each([
    ['--every', '10s'],
    ['--follow', '--every', '1ms'],
    ['--allow-deletions', 'some'],
  ])('is refused with %s %s', async (...options) => {
    expect(await varve(['mirror', ...options, hub!, third!], at)).toMatchObject({ code: 2 })
  })
})

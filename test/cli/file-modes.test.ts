// File systems that keep less of a file than history has: no executable bit, no symlinks. What is committed there is held
// against Git.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'
import { watchingFs } from '../support/fs-calls.ts'
import { runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'
import { type UsbStick, hasUsbStick, makeUsbStick, withoutUsbStick } from '../support/usb-stick.ts'

const { at, begin, both, git, ok, put } = besideGit()
const places = ['ours', 'theirs']

async function modesOf(dir: string): Promise<Record<string, string>> {
  const { stdout } = await runHere(['ls', 'HEAD', '--json'], dir)
  const { items } = JSON.parse(stdout) as { items: { path: string; kind: string; executable: boolean }[] }
  return Object.fromEntries(
    items.map(({ path: name, kind, executable }) => [
      name,
      kind === 'symlink' ? '120000' : executable ? '100755' : '100644',
    ]),
  )
}

function modesOfGit(): Record<string, string> {
  const lines = git('ls-tree', '-r', 'HEAD').trim().split('\n')
  return Object.fromEntries(lines.map((line) => [line.split('\t')[1]!, line.split(' ')[0]!]))
}

async function expectAlike(): Promise<void> {
  expect(await ok('status', '--porcelain')).toBe(git('status', '--porcelain'))
}

test.each([
  ['the executable bit', '-probe'],
  ['symlinks', '-link'],
])('an init that fails while it tries %s is done by the next one', async (_, end) => {
  const dir = fs.realpathSync(temporaryDir())
  const before = ({ name, path: file }: { name: string; path: string }): void => {
    if (!file.endsWith(end) || !['lstat', 'unlink', 'rm'].includes(name)) return
    throw Object.assign(new Error('injected'), { code: 'EIO', syscall: name, path: file })
  }
  const cut = await watchingFs(dir, { before }, () => runHere(['init', 'new'], dir))
  expect(cut.code, cut.stderr).not.toBe(0)
  const again = await runHere(['init', 'new'], dir)
  expect(again.code, again.stderr).toBe(0)
  expect((await runHere(['status'], path.join(dir, 'new'))).code).toBe(0)
})

describe('settings that say so', () => {
  beforeEach(async () => {
    await begin()
    put('plain', 'plain\n')
    put('run', 'run\n')
    put('rows.csv', 'id\n1\n')
    for (const place of places) {
      fs.chmodSync(at(place, 'run'), 0o755)
      fs.symlinkSync('plain', at(place, 'link'))
    }
    await both('add', '.')
    await both('commit', '-q', '-m', 'First')
    await both('config', 'core.fileMode', 'false')
    await both('config', 'core.symlinks', 'false')
  })

  test('the bit of a file that is there is left as it was, and a new file has none', async () => {
    for (const place of places) {
      fs.chmodSync(at(place, 'plain'), 0o755)
      fs.chmodSync(at(place, 'run'), 0o644)
    }
    await expectAlike()
    expect(await ok('status', '--porcelain')).toBe('')
    put('plain', 'edited\n')
    put('run', 'edited\n')
    put('new', 'new\n')
    for (const place of places) fs.chmodSync(at(place, 'new'), 0o755)
    await expectAlike()
    await both('add', '.')
    await both('commit', '-q', '-m', 'Second')
    expect(await modesOf(at('ours'))).toEqual(modesOfGit())
    expect(await modesOf(at('ours'))).toMatchObject({ plain: '100644', run: '100755', new: '100644' })
  })

  test('a symlink is checked out as a file that holds its target, and goes back as a symlink', async () => {
    for (const place of places) fs.rmSync(at(place, 'link'))
    await both('restore', 'link')
    for (const place of places) {
      expect(fs.lstatSync(at(place, 'link')).isFile()).toBe(true)
      expect(fs.readFileSync(at(place, 'link'), 'utf8')).toBe('plain')
    }
    await expectAlike()
    put('link', 'run')
    await expectAlike()
    expect(await ok('diff')).toContain('-plain\n\\ No newline at end of file\n+run')
    await both('commit', '-q', '-a', '-m', 'Second')
    expect(await modesOf(at('ours'))).toEqual(modesOfGit())
    await both('config', '--unset', 'core.symlinks')
    for (const place of places) fs.rmSync(at(place, 'link'))
    await both('restore', 'link')
    for (const place of places) expect(fs.readlinkSync(at(place, 'link'))).toBe('run')
  })

  test('what cannot be a target stays the file that it is', async () => {
    fs.rmSync(at('ours', 'link'))
    await ok('restore', 'link')
    fs.writeFileSync(at('ours', 'link'), '')
    await ok('commit', '-q', '-a', '-m', 'Empty')
    expect(await modesOf(at('ours'))).toMatchObject({ link: '100644' })
  })

  test('a table whose file is a link is no table until it is a file', async () => {
    for (const place of places) {
      fs.rmSync(at(place, 'link'))
      fs.rmSync(at(place, 'rows.csv'))
    }
    fs.symlinkSync('link.csv', at('ours', 'rows.csv'))
    await ok('config', 'core.symlinks', 'true')
    await ok('commit', '-q', '-a', '-m', 'A link instead')
    await ok('config', 'core.symlinks', 'false')
    fs.rmSync(at('ours', 'rows.csv'))
    await ok('restore', 'rows.csv')
    fs.writeFileSync(at('ours', 'varve.yaml'), 'tables:\n  rows.csv:\n    key: id\n')
    await ok('add', '.')
    await ok('commit', '-q', '-m', 'Settings')
    expect(await modesOf(at('ours'))).toMatchObject({ 'rows.csv': '120000' })
  })
})

test('case tells files apart where the file system does, whatever the setting says', async () => {
  const dir = temporaryDir()
  const run = async (...args: string[]): Promise<string> => (await runHere(args, dir)).stdout
  await run('init', '-q')
  await run('config', 'core.ignoreCase', 'true')
  for (const name of ['a', 'A']) fs.writeFileSync(path.join(dir, name), name)
  await run('add', 'a')
  expect(await run('status', '--porcelain')).toBe('A  a\n?? A\n')
})

test('a setting is true or false', async () => {
  const dir = temporaryDir()
  await runHere(['init', '-q'], dir)
  const { code, stderr } = await runHere(['config', 'core.fileMode', 'no'], dir)
  expect(code).toBe(2)
  expect(stderr).toContain("'core.fileMode' has to be 'true' or 'false', not 'no'")
})

test('an ordinary file system needs no settings', async () => {
  const dir = temporaryDir()
  await runHere(['init', '-q'], dir)
  expect((await runHere(['config'], dir)).stdout).toBe('')
  expect(fs.readdirSync(path.join(dir, '.varve')).filter((name) => name.startsWith('probe'))).toEqual([])
})

describe.skipIf(!hasUsbStick)(`on a USB stick${withoutUsbStick}`, () => {
  let stick: UsbStick | null = null
  const on = (...names: string[]): string => path.join(stick!.dir, ...names)
  const run = async (dir: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runHere(args, dir)
    expect([args, code, stderr]).toEqual([args, 0, ''])
    return stdout
  }
  beforeAll(() => {
    stick = makeUsbStick()
  })
  afterAll(() => stick?.end())

  test('a clone is clean, keeps modes and links through edits, and gives them back', async () => {
    const home = temporaryDir()
    fs.mkdirSync(path.join(home, 'first'))
    const first = path.join(home, 'first')
    await run(first, 'init', '-q')
    fs.writeFileSync(path.join(first, 'plain'), 'plain\n')
    fs.writeFileSync(path.join(first, 'run'), 'run\n', { mode: 0o755 })
    fs.symlinkSync('plain', path.join(first, 'link'))
    await run(first, 'add', '.')
    await run(first, 'commit', '-q', '-m', 'First')

    await run(stick!.dir, 'clone', '-q', first, 'clone')
    expect(await run(on('clone'), 'config')).toContain(
      'core.fileMode=false\ncore.ignoreCase=true\ncore.symlinks=false',
    )
    expect(await run(on('clone'), 'status', '--porcelain')).toBe('')
    for (const name of ['plain', 'run']) fs.appendFileSync(on('clone', name), 'more\n')
    fs.writeFileSync(on('clone', 'link'), 'run')
    fs.writeFileSync(on('clone', 'new'), 'new\n')
    await run(on('clone'), 'add', '.')
    await run(on('clone'), 'commit', '-q', '-m', 'On the stick')
    expect(await run(on('clone'), 'fsck')).toContain('all whole')

    await run(first, 'remote', 'add', 'stick', on('clone'))
    await run(first, 'pull', '-q', 'stick', 'main')
    expect(await modesOf(first)).toEqual({ link: '120000', new: '100644', plain: '100644', run: '100755' })
    expect(fs.readlinkSync(path.join(first, 'link'))).toBe('run')
  })

  test('a remote on the stick takes pushes from several clones', async () => {
    const home = temporaryDir()
    for (const name of ['a', 'b']) {
      if (name === 'a') {
        fs.mkdirSync(path.join(home, name))
        await run(path.join(home, name), 'init', '-q')
        await run(path.join(home, name), 'remote', 'add', 'origin', on('hub'))
      } else await run(home, 'clone', '-q', on('hub'), name)
      fs.writeFileSync(path.join(home, name, name), name)
      await run(path.join(home, name), 'add', '.')
      await run(path.join(home, name), 'commit', '-q', '-m', name)
      await run(path.join(home, name), 'push', '-q', '-u', 'origin', 'main')
    }
    await run(home, 'clone', '-q', on('hub'), 'c')
    expect(fs.readdirSync(path.join(home, 'c')).sort()).toEqual(['.varve', 'a', 'b'])
  })

  describe('names that differ in case alone', () => {
    const commitAll = async (dir: string, message: string): Promise<void> => {
      await run(dir, 'add', '.')
      await run(dir, 'commit', '-q', '-m', message)
    }
    let first = ''
    let clone = ''
    beforeEach(async () => {
      first = path.join(temporaryDir(), 'first')
      fs.mkdirSync(path.join(first, 'dir'), { recursive: true })
      await run(first, 'init', '-q')
      fs.writeFileSync(path.join(first, 'name'), 'one\n')
      fs.writeFileSync(path.join(first, 'dir/x'), 'x\n')
      await commitAll(first, 'First')
      clone = on(path.basename(path.dirname(first)))
      await run(stick!.dir, 'clone', '-q', first, clone)
    })

    test('a file is the one that is tracked, however it is spelled now; `mv` changes that', async () => {
      fs.renameSync(path.join(clone, 'name'), path.join(clone, 'NAME'))
      expect(await run(clone, 'status', '--porcelain')).toBe('')
      fs.writeFileSync(path.join(clone, 'dir/New'), 'new\n')
      fs.renameSync(path.join(clone, 'dir'), path.join(clone, 'other'))
      fs.renameSync(path.join(clone, 'other'), path.join(clone, 'DIR'))
      expect(await run(clone, 'status', '--porcelain')).toBe('?? dir/New\n')
      await run(clone, 'add', 'DIR/New')
      await run(clone, 'mv', 'name', 'Name')
      expect(await run(clone, 'status', '--porcelain')).toBe('R  name -> Name\nA  dir/New\n')
      expect(fs.readdirSync(clone)).toContain('Name')
    })

    test('a rename of that kind is checked out, with what was edited', async () => {
      fs.rmSync(path.join(first, 'name'))
      fs.writeFileSync(path.join(first, 'Name'), 'one\ntwo\n')
      fs.renameSync(path.join(first, 'dir'), path.join(first, 'Dir'))
      await commitAll(first, 'Renamed')
      await run(clone, 'pull', '-q')
      expect(fs.readdirSync(clone).sort()).toEqual(['.varve', 'Dir', 'Name'])
      expect(fs.readFileSync(path.join(clone, 'Name'), 'utf8')).toBe('one\ntwo\n')
      expect(await run(clone, 'status', '--porcelain')).toBe('')
      await run(clone, 'switch', '-q', '-d', 'HEAD~1')
      expect(fs.readdirSync(clone).sort()).toEqual(['.varve', 'dir', 'name'])
      expect(await run(clone, 'status', '--porcelain')).toBe('')
    })

    test('two files of one name are refused before anything is written', async () => {
      fs.writeFileSync(path.join(first, 'NAME'), 'other\n')
      fs.writeFileSync(path.join(first, 'added'), 'added\n')
      await commitAll(first, 'Both')
      const refused = await runHere(['pull', '-q'], clone)
      expect(refused.code).toBe(20)
      expect(refused.stderr).toContain("'NAME' and 'name' have one name on this file system")
      expect(fs.readdirSync(clone).sort()).toEqual(['.varve', 'dir', 'name'])
      expect(await run(clone, 'status', '--porcelain')).toBe('')
    })
  })

  test('a symlink that cannot be made says what to set', async () => {
    const home = temporaryDir()
    await run(home, 'init', '-q')
    fs.symlinkSync('target', path.join(home, 'link'))
    await run(home, 'add', '.')
    await run(home, 'commit', '-q', '-m', 'First')
    fs.cpSync(path.join(home, '.varve'), on('copied', '.varve'), { recursive: true })
    const refused = await runHere(['restore', '.'], on('copied'))
    expect(refused.code).toBe(52)
    expect(refused.stderr).toContain('varve config core.symlinks false')
    await run(on('copied'), 'config', 'core.symlinks', 'false')
    await run(on('copied'), 'restore', '.')
    expect(fs.readFileSync(on('copied', 'link'), 'utf8')).toBe('target')
  })
})

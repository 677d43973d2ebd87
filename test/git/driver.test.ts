// Varve as Git's merge and diff driver: real git, real repositories, the built command line.
import { existsSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ok, varve } from '../cli/varve.ts'
import { temporaryDir } from '../support/temporary.ts'
import { GitRepository } from './git-repository.ts'

const base = 'id,name,city\n1,Ada,London\n2,Lise,Wien\n3,Emmy,Erlangen\n'
const made: GitRepository[] = []
afterAll(() => made.forEach((repository) => repository.remove()))

/** A repository with `file` changed on main and on the branch other, and what `git merge other` says. */
async function merging(
  file: string,
  [before, ours, theirs]: readonly string[],
  place: readonly string[] = [],
): Promise<{
  repository: GitRepository
  merge: () => string
}> {
  const repository = GitRepository.create()
  made.push(repository)
  repository.write(file, before!)
  repository.commit('Base')
  repository.git('switch', '-q', '-c', 'other')
  repository.write(file, theirs!)
  repository.commit('Theirs')
  repository.git('switch', '-q', 'main')
  repository.write(file, ours!)
  repository.commit('Ours')
  await ok(['git-driver', 'install', ...place], { cwd: repository.dir })
  return { repository, merge: () => repository.git('merge', '-q', '-m', 'Merge', 'other') }
}

function read(repository: GitRepository, file: string): string {
  return readFileSync(path.join(repository.dir, file), 'utf8')
}

function knowsLabels(repository: GitRepository): boolean {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(repository.git('--version'))!.map(Number)
  return major! > 2 || (major === 2 && minor! >= 44)
}

describe('git with varve as its driver', () => {
  test('merges neighbouring rows of a CSV, which are a conflict without', async () => {
    const sides = [base, base.replace('Ada', 'Ada L.'), base.replace('Lise', 'Lise M.')]
    const { repository, merge } = await merging("it's a table.csv", sides)
    await ok(['git-driver', 'uninstall'], { cwd: repository.dir })
    expect(merge).toThrow()
    repository.git('merge', '--abort')
    await ok(['git-driver', 'install'], { cwd: repository.dir })
    merge()
    expect(read(repository, "it's a table.csv")).toBe(
      'id,name,city\n1,Ada L.,London\n2,Lise M.,Wien\n3,Emmy,Erlangen\n',
    )
    expect(repository.git('status', '--porcelain')).toBe('')
  }, 60_000)

  test('leaves a real conflict to people, with all three sides between markers', async () => {
    const sides = [
      base,
      base.replace('Wien', 'Berlin'),
      base.replace('Wien', 'Vienna').replace('Emmy', 'Emmy N.'),
    ]
    const { repository, merge } = await merging('people.csv', sides)
    expect(merge).toThrow()
    // Git before 2.44 does not tell a driver how it calls the sides.
    const [ours, theirs] = knowsLabels(repository) ? ['HEAD', 'other'] : ['ours', 'theirs']
    const label = knowsLabels(repository) ? /^\|{7} [0-9a-f]+$/m : /^\|{7} base$/m
    expect(read(repository, 'people.csv').replace(label, '|||||||')).toBe(
      `id,name,city\n1,Ada,London\n<<<<<<< ${ours}\n2,Lise,Berlin\n|||||||\n2,Lise,Wien\n=======\n2,Lise,Vienna\n` +
        `>>>>>>> ${theirs}\n3,Emmy N.,Erlangen\n`,
    )
    expect(repository.git('status', '--porcelain')).toBe('UU people.csv\n')
  }, 60_000)

  test('writes markers as long as the attributes say', async () => {
    const sides = [base, base.replace('Wien', 'Berlin'), base.replace('Wien', 'Vienna')]
    const { repository, merge } = await merging('people.csv', sides)
    repository.write('.gitattributes', '*.csv conflict-marker-size=12\n')
    expect(merge).toThrow()
    expect(read(repository, 'people.csv')).toMatch(/^<{12} .*$[^]*^\|{12} .*$[^]*^={12}$[^]*^>{12} .*$/m)
  }, 60_000)

  test('calls the sides as it is told to', async () => {
    const { repository } = await merging('people.csv', [base, base, base])
    for (const city of ['Wien', 'Berlin', 'Vienna']) repository.write(city, base.replace('Wien', city))
    const labels = ['-L', 'HEAD', '-L', '', '-L', "ada's\nbranch"]
    const { stdout, code } = await varve(
      ['merge-file', '-p', '--name', 'x.csv', ...labels, 'Berlin', 'Wien', 'Vienna'],
      { cwd: repository.dir },
    )
    expect(code).toBe(21)
    expect(stdout.split('\n').filter((line) => /^[<|=>]/.test(line))).toEqual([
      '<<<<<<< HEAD',
      '|||||||',
      '=======',
      ">>>>>>> ada's branch",
    ])
  }, 60_000)

  test('merges two keys of one JSON object', async () => {
    const sides = [
      '{\n  "a": 1,\n  "b": 2\n}\n',
      '{\n  "a": 5,\n  "b": 2\n}\n',
      '{\n  "a": 1,\n  "b": 7\n}\n',
    ]
    const { repository, merge } = await merging('settings.json', sides)
    merge()
    expect(read(repository, 'settings.json')).toBe('{\n  "a": 5,\n  "b": 7\n}\n')
  }, 60_000)

  test('shows a table by rows and cells', async () => {
    const { repository } = await merging('people.csv', [base, base, base])
    repository.write(
      'people.csv',
      `${base.replace('Wien', 'Berlin').replace('3,Emmy,Erlangen\n', '')}4,Maria,Jena\n`,
    )
    const shown = repository.git('diff')
    expect(shown).toContain('people.csv: 1 row changed, 1 added, 1 removed')
    expect(shown).toContain('~ id=2  city: Wien -> Berlin')
    expect(shown).toContain('+ id=4  name: Maria, city: Jena')
    expect(shown).toContain('- id=3  name: Emmy, city: Erlangen')
    expect(repository.git('diff', '--no-ext-diff')).toContain('+4,Maria,Jena')
  }, 60_000)

  test('shows JSON by values, and a file that is new by lines', async () => {
    const before = '{"a": [{"id": 1, "v": 1}]}\n'
    const { repository } = await merging('settings.json', [before, before, before])
    repository.write('settings.json', '{"a": [{"id": 1, "v": 2}]}\n')
    repository.write('new.json', before)
    repository.git('add', '-N', 'new.json')
    const shown = repository.git('diff')
    expect(shown).toContain('settings.json: 1 value changed\n')
    expect(shown).toContain('~ $.a[id=1].v: 1 -> 2')
    expect(shown).toContain(`+${before}`)
  }, 60_000)
})

describe('git with varve as its driver, given paths that are hard to name,', () => {
  test('merges them, and shows them by rows', async () => {
    const names = ['-n.csv', '%P.csv', '$HOME `id`.csv', 'o ü\'q"x.csv']
    const { repository } = await merging(names[0]!, [base, base, base])
    const put = (from: string, to: string): void => {
      for (const name of names) repository.write(name, base.replace(from, to))
      repository.commit(to)
    }
    put('Wien', 'Wien')
    repository.git('switch', '-q', '-c', 'side')
    put('London', 'Ockham')
    repository.git('switch', '-q', 'main')
    put('Wien', 'Berlin')
    repository.git('merge', '-q', '-m', 'Merge', 'side')
    const shown = repository.git('diff', 'HEAD~1')
    for (const name of names) {
      expect(read(repository, name)).toBe(base.replace('London', 'Ockham').replace('Wien', 'Berlin'))
      expect(shown).toContain(`${name}: 1 row changed\n  ~ id=1  city: London -> Ockham\n`)
    }
  }, 60_000)

  test('tells the new name of a file that was renamed', async () => {
    const { repository } = await merging('people.csv', [base, base, base])
    repository.git('mv', 'people.csv', 'persons.csv')
    repository.write('persons.csv', base.replace('Wien', 'Berlin'))
    repository.commit('Rename')
    expect(repository.git('diff', '-M', 'HEAD~1')).toContain('people.csv => persons.csv: 1 row changed\n')
  }, 60_000)
})

describe('installing', () => {
  test('in two places, and taking it out of one, leaves it for the other', async () => {
    const repository = GitRepository.create()
    made.push(repository)
    const at = { cwd: repository.dir }
    await ok(['git-driver', 'install'], at)
    await ok(['git-driver', 'install', '--committed'], at)
    await ok(['git-driver', 'uninstall', '--committed'], at)
    expect(repository.git('config', '--local', 'merge.varve.driver')).toContain('merge-file')
    await ok(['git-driver', 'uninstall'], at)
    expect(repository.git('config', '--local', '--list')).not.toContain('varve')
  }, 60_000)

  test('writes attributes once, keeps what stood there, and takes them out again', async () => {
    const repository = GitRepository.create()
    made.push(repository)
    const file = path.join(repository.dir, '.gitattributes')
    writeFileSync(file, '*.png binary')
    const at = { cwd: repository.dir }
    await ok(['git-driver', 'install', '--committed'], at)
    await ok(['git-driver', 'install', '--committed'], at)
    const text = readFileSync(file, 'utf8')
    expect(text.startsWith('*.png binary\n')).toBe(true)
    expect(text.match(/\*\.csv/g)).toHaveLength(1)
    await ok(['git-driver', 'uninstall', '--committed'], at)
    await ok(['git-driver', 'uninstall', '--committed'], at)
    expect(readFileSync(file, 'utf8')).toBe('*.png binary\n')
    expect(repository.git('config', '--local', '--list')).not.toContain('varve')
  }, 60_000)

  test('in a bare repository works as well', async () => {
    const repository = GitRepository.create(['--bare'])
    made.push(repository)
    const at = { cwd: repository.dir }
    await ok(['git-driver', 'install'], at)
    expect(repository.git('config', '--local', 'merge.varve.driver')).toContain('merge-file')
    await ok(['git-driver', 'uninstall'], at)
    expect(repository.git('config', '--local', '--list')).not.toContain('varve')
  }, 60_000)

  test('for the user goes into the global configuration', async () => {
    const home = temporaryDir()
    const at = { cwd: home, env: { HOME: home, XDG_CONFIG_HOME: path.join(home, '.config') } }
    const { stdout } = await varve(['git-driver', 'install', '--global', '--json'], at)
    const { attributes } = JSON.parse(stdout) as { attributes: string }
    expect(attributes.startsWith(home)).toBe(true)
    expect(readFileSync(attributes, 'utf8')).toContain('*.csv merge=varve diff=varve')
    await ok(['git-driver', 'uninstall', '--global'], at)
    expect(existsSync(attributes)).toBe(false)
  }, 60_000)

  test('writes through a link, as dotfiles are kept', async () => {
    const repository = GitRepository.create()
    made.push(repository)
    const [link, kept] = ['.gitattributes', 'kept-attributes'].map((name) => path.join(repository.dir, name))
    writeFileSync(kept!, '*.png binary\n')
    symlinkSync(kept!, link!)
    await ok(['git-driver', 'install', '--committed'], { cwd: repository.dir })
    expect(lstatSync(link!).isSymbolicLink()).toBe(true)
    expect(readFileSync(kept!, 'utf8')).toContain('*.csv merge=varve diff=varve')
  }, 60_000)

  test('outside a Git repository is refused with a hint', async () => {
    const { code, stderr } = await varve(['git-driver', 'install'], { cwd: temporaryDir() })
    expect(code).toBe(20)
    expect(stderr).toContain("or with '--global' for all of yours")
  }, 60_000)
})

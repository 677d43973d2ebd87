// Folders that the real command line has filled and committed, and what lies in them, for readers of the format.
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { DiskStore } from '../../src/store/disk/store.ts'
import { noise } from '../chunking/noise.ts'
import { runHere } from '../support/run-here.ts'

/** Runs commands in a folder; each must end with the exit code that it was given, 0 if none was. */
export async function run(
  folder: string,
  ...commands: (string | { line: string; code: number })[]
): Promise<void> {
  for (const command of commands) {
    const { line, code } = typeof command === 'string' ? { line: command, code: 0 } : command
    const ran = await runHere(line.split(' '), folder)
    if (ran.code !== code)
      throw new Error(`varve ${line} exited with ${ran.code}: ${ran.stdout}${ran.stderr}`)
  }
}

const numbered = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('')

export const files: Readonly<Record<string, string | Uint8Array>> = {
  empty: '',
  'one byte': 'x',
  'deep/er/größe.txt': 'ä'.repeat(70_001),
  'prefix.txt': numbered(9000, (i) => `line ${i % 700} of a text\n`),
  'noise.bin': noise(700_000, 5),
  'zeros.bin': new Uint8Array(600_000),
  'cut.txt': `${'a'.repeat(8191)}€${'b'.repeat(40_000)}`,
  'a-b': '1',
  'a/x': '2',
  'script.sh': '#!/bin/sh\n',
}

/** Tables by path, each with its key. */
export const tables: Readonly<Record<string, { key: string; content: string | Uint8Array }>> = {
  'large.csv': {
    key: 'id',
    content: `id,name,city\n${numbered(6000, (i) => `${i * 7 - 900},name ${i},"c, ${i % 91}"\n`)}`,
  },
  'unordered.csv': {
    key: 'b',
    content: `a,b,c\r\n,zz,\r\n"q",aa,"say ""x"""\r\nplain,"007",'\r\n"",mm,end\nx,nn,"l1\nl2"\r\n\r\n`,
  },
  'quoted.csv': { key: 'n,k', content: '\ufeff"n";"k";v\n"1";"x";1\n"2";y;2' },
  'tabs.tsv': { key: 'k', content: `k\tv\nb\t"x\ny"\na\t${'long '.repeat(300)}\nc\t${'é'.repeat(120)}\n` },
  'sep.csv': { key: 'k', content: 'sep=|\r\nk|v\r\n1|2\r\n-3|4\r\n' },
  'none.csv': { key: 'k', content: 'k,v\n' },
  'rows.jsonl': {
    key: 'id',
    content: `{"id": 2, "t": "a\\n\\u0001\\"", "n": 1.50, "o": {"x": [1, 2]}}\n{"id": 1, "t": null, "b": true}\n{ "id":-7, "t": "raw" }\n{"id": 10000000000000000000000, "n": -0}\n`,
  },
  'ascii.jsonl': { key: 'k', content: '{"k":"\\u00e4","v":"\\ud83d\\ude00"}\n{"k":"b","v":"\\u007f"}' },
}

/** Makes a repository of all of them, with one commit. */
export async function writtenRepository(folder: string): Promise<void> {
  await run(folder, 'init')
  for (const [name, content] of Object.entries(files)) put(folder, name, content)
  for (const [name, { content }] of Object.entries(tables)) put(folder, name, content)
  chmodSync(path.join(folder, 'script.sh'), 0o755)
  symlinkSync('../a', path.join(folder, 'link'))
  for (const [name, { key }] of Object.entries(tables)) await run(folder, `track ${name} --key ${key}`)
  await run(folder, 'add .', 'commit -m first')
}

export function put(folder: string, name: string, content: string | Uint8Array): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
  writeFileSync(path.join(folder, name), content)
}

/** What lies in the folder, in the form of `checkedOut`. */
export function inFolder(folder: string): Map<string, { mode: string; bytes: Uint8Array }> {
  const found = new Map<string, { mode: string; bytes: Uint8Array }>()
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (name === '.varve' || name.startsWith('.varve/')) continue
    const file = path.join(folder, name)
    const stat = lstatSync(file)
    if (stat.isDirectory()) continue
    const mode = stat.isSymbolicLink() ? 'l' : stat.mode & 0o100 ? 'x' : ''
    const bytes = mode === 'l' ? Buffer.from(readlinkSync(file)) : readFileSync(file)
    found.set(Buffer.from(name).toString('latin1'), { mode, bytes })
  }
  return found
}

/** Commits edits of rows, of a file's middle and its end, of the order and the columns of a table. */
export async function editedRepository(folder: string): Promise<void> {
  const large = (): string => readFileSync(path.join(folder, 'large.csv'), 'utf8')
  for (let i = 0; i < 8; i++) {
    put(folder, 'large.csv', large().replace(`name ${i * 400},`, `renamed ${i},`))
    put(folder, 'prefix.txt', `${readFileSync(path.join(folder, 'prefix.txt'), 'utf8')}line ${i}\n`)
    await run(folder, `commit -am edit-${i}`)
  }
  // So much of each leaf that a delta is shorter than a patch.
  put(
    folder,
    'large.csv',
    large().replaceAll(/c, (\d+)/g, (_, city) => `d${(Number(city) * 7919) % 997}`),
  )
  await run(folder, 'commit -am moved')
  const [header, ...rows] = large().trimEnd().split('\n')
  put(folder, 'large.csv', [header, ...rows.slice(3000), ...rows.slice(0, 2990)].join('\n'))
  await run(folder, 'commit -am turned')
  const wider = large()
    .split('\n')
    .map((line, i) => (i === 0 ? `new,${line}` : i % 50 === 0 ? `${i},${line}` : `,${line}`))
  put(folder, 'large.csv', wider.join('\n'))
  await run(folder, 'commit -am wider')
}

/** Two branches that clash: about cells, rows, files and a part of a file; the merge waits on `main`. */
export async function conflictedRepository(folder: string): Promise<void> {
  const notes = (two: string): string => `id,note\n1,a\n2,${two}\n3,c\n`
  const people = (seven: string, more = ''): string =>
    `id,name,city\n${seven}${Array.from({ length: 300 }, (_, i) => `${i + 10},name ${i},Graz\n`).join('')}${more}`
  const versions = {
    base: {
      'people.csv': people('7,Ada,Wien\n8,Bob,Linz\n'),
      'notes.csv': notes('b'),
      'a.bin': Uint8Array.of(0, 1),
    },
    ours: {
      'people.csv': people('7,Ada,Graz\n', `999,Our,${'o'.repeat(2000)}\n`),
      'notes.csv': notes('ours'),
      'a.bin': Uint8Array.of(0, 2),
    },
    theirs: {
      'people.csv': people('7,Ada,Linz\n8,Bob,Steyr\n', '999,Their,x\n'),
      'notes.csv': notes('theirs'),
      'a.bin': Uint8Array.of(0, 3),
    },
  }
  const putAll = (version: keyof typeof versions): void => {
    for (const [name, content] of Object.entries(versions[version])) put(folder, name, content)
  }
  await run(folder, 'init')
  putAll('base')
  await run(folder, 'track people.csv --key id', 'add .', 'commit -m base', 'switch -c other')
  putAll('theirs')
  await run(folder, 'commit -am theirs', 'switch main')
  putAll('ours')
  await run(folder, 'commit -am ours', { line: 'merge other', code: 21 })
}

/** Puts so many tags on `main` in one operation. */
export async function tagMany(folder: string, names: readonly string[]): Promise<void> {
  const store = await DiskStore.open(path.join(folder, '.varve'))
  const commit = (await store.manifest()).refs.get('refs/heads/main')!
  const operation = { name: 'tag', message: '', author: 'Ada' }
  await store.update(() => ({ refs: new Map(names.map((name) => [name, commit])), operation }))
  await store.close()
}

/** Imports so many commits of Git: each changes one of five files and one of seven rows of a table. */
export async function longHistory(folder: string, count: number): Promise<void> {
  const file = (name: string, content: string): string =>
    `M 644 inline ${name}\ndata ${content.length}\n${content}\n`
  const commits = Array.from({ length: count }, (_, i) => {
    const rows = Array.from({ length: 7 }, (__, row) => `${row + 1},${Math.floor((i + 7 - row) / 7)}\n`)
    return [
      `commit refs/heads/main\ncommitter Ada <ada@example.org> ${1_700_000_000 + i} +0000\ndata 1\nm\n`,
      i === 0 ? file('varve.yaml', 'tables:\n  t.csv:\n    key: id\n') : '',
      file('t.csv', `id,n\n${rows.join('')}`),
      ...[0, 1, 2, 3, 4].filter((n) => i === 0 || i % 5 === n).map((n) => file(`f${n}.txt`, `${i}`)),
    ].join('')
  })
  const git = path.join(folder, 'from.git')
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', git])
  execFileSync('git', ['-C', git, 'fast-import', '--quiet'], { input: commits.join('') })
  await run(folder, 'init', `import git ${git}`)
}

// docs/API.md names all that a program can import and call, and nothing that is not there.
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import * as varve from '../../src/index.ts'

const root = path.join(import.meta.dirname, '../..')
const src = path.join(root, 'src')
const page = readFileSync(path.join(root, 'docs/API.md'), 'utf8')
const read = (file: string): string => readFileSync(file, 'utf8')

function wordsBehind(heading: string): string[] {
  const part = page.split(`## ${heading}\n`)[1]!.split('\n## ')[0]!
  return [
    ...part.matchAll(
      /`\.?(?:Repository|DataRepository|stashes|bisect|notes|worktrees)?\.?(\w+)(?:\(\w*\))?`/g,
    ),
  ].map(([, word]) => word!)
}

/** Names that a file gives to others, those that it hands on from others too. */
function exportsOf(file: string): string[] {
  const text = read(file)
  const named = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list]) => list!.split(','))
  const own = text.matchAll(
    /^export (?:abstract )?(?:async )?(?:interface|type|class|const|function) (\w+)/gm,
  )
  const whole = text.matchAll(/^export type \* from '([^']+)'/gm)
  return [
    ...named.map((name) => name.trim().replace(/^type |^.* as /g, '')).filter((name) => name !== ''),
    ...[...own].map(([, name]) => name!),
    ...[...whole].flatMap(([, other]) => exportsOf(path.resolve(path.dirname(file), other!))),
  ]
}

/** The files of `Repository` and the classes that it extends. */
function repositoryFiles(): string[] {
  const all = readdirSync(path.join(src, 'api'), { recursive: true, encoding: 'utf8' })
  return all
    .filter((file) => /^(.*-)?repository\.ts$/.test(path.basename(file)))
    .map((file) => path.join(src, 'api', file))
}

test('every export is named', () => {
  const names = [...new Set([...Object.keys(varve), ...exportsOf(path.join(src, 'index.ts'))])]
  expect(names.length).toBeGreaterThan(150)
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([])
})

test('every type that is named is exported', () => {
  const names = new Set(exportsOf(path.join(src, 'index.ts')))
  const typed = wordsBehind('All types').filter((word) => /^[A-Z]/.test(word) && !/^[A-Z]+$/.test(word))
  expect(typed.length).toBeGreaterThan(120)
  expect(typed.filter((word) => !names.has(word))).toEqual([])
})

test('every public method is named, and there are no others', () => {
  const methods = repositoryFiles().flatMap((file) => {
    const found = read(file).matchAll(/^ {2}(?:static )?(?:async )?\*?(\w+)(?:<[^(]*>)?\(/gm)
    return [...found].map(([, name]) => name!).filter((name) => name !== 'constructor')
  })
  const named = new Set(wordsBehind('All methods'))
  expect(methods.length).toBeGreaterThan(90)
  expect(methods.filter((name) => !named.has(name))).toEqual([])
  const others = [...named].filter((name) => !methods.includes(name) && !(name in varve))
  // Those of `stashes`, `bisect`, `notes` and `worktrees`, and three options.
  const elsewhere = [
    'append',
    'apply',
    'branch',
    'copy',
    'drop',
    'get',
    'lock',
    'mark',
    'next',
    'onMoved',
    'onUpkeep',
    'onWait',
    'prune',
    'reader',
    'start',
    'state',
    'unlock',
  ]
  expect(others.sort()).toEqual(elsewhere)
})

test('an editor shows what every class, function and method is for', () => {
  const values = [...read(path.join(src, 'index.ts')).matchAll(/^export \{([^}]*)\} from '([^']+)'/gm)]
  const files = values.map(([, , file]) => path.join(src, file!))
  const names = new Set(Object.keys(varve))
  const bare = (file: string, head: RegExp): string[] => {
    const lines = read(file).split('\n')
    return lines.filter((line, i) => {
      const name = head.exec(line)?.[1]
      const isMeant =
        name !== undefined && name !== 'constructor' && (line.startsWith(' ') || names.has(name))
      return isMeant && !lines[i - 1]!.endsWith('*/')
    })
  }
  const methods = /^ {2}(?:static )?(?:async )?\*?(?:get )?(\w+)(?:<[^(]*>)?\(/
  const exported = /^export (?:abstract )?(?:async )?(?:class|function) (\w+)/
  expect(files.length).toBeGreaterThan(8)
  expect(repositoryFiles().flatMap((file) => bare(file, methods))).toEqual([])
  expect(files.flatMap((file) => bare(file, exported))).toEqual([])
})

// The house rules that a machine can hold: imports go down the list of rooms only, types too; the core imports no
// node: module outside the rooms and files that touch the platform; files stay short enough to read.
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const source = path.join(import.meta.dirname, '../src')

/** DESIGN section 3: what each room stands on, beside those that these stand on. */
const rooms: Record<string, readonly string[]> = {
  base: [],
  http: ['base'],
  encoding: ['base'],
  chunking: ['base'],
  store: ['encoding'],
  prolly: ['store', 'chunking'],
  history: ['prolly'],
  signing: ['history'],
  files: ['prolly', 'chunking'],
  table: ['files'],
  dataset: ['files', 'table'],
  formats: ['table'],
  documents: ['files'],
  merge: ['table', 'files', 'dataset', 'formats', 'history', 'documents'],
  repo: ['merge'],
  rules: ['merge'],
  worktree: ['repo'],
  remote: ['repo', 'http'],
  connectors: ['dataset', 'formats', 'http'],
  sync: ['repo', 'connectors'],
  derive: ['repo'],
  query: ['derive'],
  git: ['worktree', 'remote'],
  api: ['repo', 'signing', 'worktree', 'remote', 'git', 'sync', 'derive', 'query', 'rules'],
  'index.ts': ['api'],
  server: ['index.ts'],
  contract: ['api'],
  cli: ['index.ts', 'server'],
  // The worker thread's table of functions: whatever is heavy enough to run beside the main thread.
  'worker.ts': ['connectors', 'documents'],
  // The thread of a query that the server answers.
  'sql-process.ts': ['server'],
}

const platformPlaces = [
  /^base\/platform/,
  /^store\/disk\//,
  /^worktree\//,
  /^http\//,
  /^signing\//,
  /^remote\/transports\//,
  /^git\//,
  /^connectors\//,
  /^api\//,
  /^server\//,
  /^cli\//,
  /^worker\.ts$/,
  /^sql-process\.ts$/,
]

function below(room: string): Set<string> {
  const all = new Set<string>([room])
  for (const other of rooms[room] ?? []) for (const deeper of below(other)) all.add(deeper)
  return all
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(path.join(source, file), 'utf8') }))

const roomOf = (file: string): string => file.split('/')[0]!

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!)
}

/** Errors without a hint: a caller catches them, or shows their words under an error of its own, or only a bug makes them. */
const caughtInside = new Set([
  'connectors/files/connector.ts',
  'connectors/files/waiting.ts',
  'connectors/mysql/binlog/reader.ts',
  'connectors/postgres/log/change-log.ts',
  'connectors/postgres/log/log-stream.ts',
  'connectors/sqlite/connector.ts',
  'formats/columnar/packed-source.ts',
  'prolly/tree-builder.ts',
  'store/change.ts',
  'store/memory.ts',
  'worktree/hashing-writer.ts',
])

/** The text of each call in a source, from the name to the parenthesis that closes it. */
function callsIn(text: string, name: string): string[] {
  const calls: string[] = []
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const rest = text
      .slice(at + name.length)
      .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, (quoted) => quoted.replace(/[()]/g, ' '))
    let depth = 1
    let end = 0
    for (; depth > 0 && end < rest.length; end++) depth += rest[end] === '(' ? 1 : rest[end] === ')' ? -1 : 0
    calls.push(rest.slice(0, end))
  }
  return calls
}

describe('the house', () => {
  test('every file lies in a room that the design knows', () => {
    expect(files.map(({ file }) => roomOf(file)).filter((room) => !(room in rooms))).toEqual([])
  })

  test('imports go down only, types included', () => {
    const upward: string[] = []
    for (const { file, text } of files) {
      const allowed = below(roomOf(file))
      for (const specifier of importsOf(text).filter((name) => name.startsWith('.'))) {
        const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier))
        if (!allowed.has(roomOf(target))) upward.push(`${file} imports ${target}`)
      }
    }
    expect(upward).toEqual([])
  })

  test('the core runs anywhere: only the platform places import node: modules', () => {
    const leaks = files
      .filter(({ file }) => !platformPlaces.some((place) => place.test(file)))
      .filter(({ text }) => importsOf(text).some((name) => name.startsWith('node:')))
    expect(leaks.map(({ file }) => file)).toEqual([])
  })

  test('the library neither prints nor reads the environment; only the command line does', () => {
    const loud = files
      .filter(({ file }) => roomOf(file) !== 'cli')
      .filter(({ text }) => /\bconsole\.|process\.(env|stdout|stderr|argv|exit)\b/.test(text))
    expect(loud.map(({ file }) => file)).toEqual([])
  })

  test('no file is longer than 300 lines', () => {
    const long = files.filter(({ text }) => text.split('\n').length > 301)
    expect(long.map(({ file }) => file)).toEqual([])
  })

  test('no folder has more than 40 files side by side; commands are one file a verb', () => {
    const counts = new Map<string, number>()
    for (const { file } of files) {
      const folder = path.posix.dirname(file)
      counts.set(folder, (counts.get(folder) ?? 0) + 1)
    }
    const large = [...counts].filter(([folder, count]) => count > 40 && folder !== 'cli/commands')
    expect(large).toEqual([])
  })

  test('an error says what to do next, unless it is about damage or a stop, or is caught inside', () => {
    const silent = files.flatMap(({ file, text }) =>
      callsIn(text, 'new VarveError(')
        .filter((call) => !/\bhint|'VARVE_CORRUPT'|'VARVE_ABORTED'/.test(call))
        .map(() => file),
    )
    expect(silent.filter((file) => !caughtInside.has(file))).toEqual([])
    expect([...caughtInside].filter((file) => !silent.includes(file))).toEqual([])
  })

  test('nothing is left to do', () => {
    const left = files.filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text))
    expect(left.map(({ file }) => file)).toEqual([])
  })
})

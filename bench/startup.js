// What it costs to start at all, beside what Node itself costs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandOf, median, printTable, run } from './measure.js'

const library = new URL('../dist/index.js', import.meta.url).href

/** @param {number} rounds */
export function bench(rounds) {
  const room = mkdtempSync(join(tmpdir(), 'varve-bench-'))
  const dir = mkdtempSync(join(room, 'repository-'))
  try {
    writeFileSync(join(dir, 'a.csv'), 'id,name\n1,Ada\n')
    for (const tool of /** @type {const} */ (['git', 'varve'])) {
      run(dir, commandOf(tool, ['init', '-q']))
      run(dir, commandOf(tool, ['add', 'a.csv']))
      run(dir, commandOf(tool, ['commit', '-q', '-m', 'first']))
    }
    const commands = {
      'node -e 0': [process.execPath, '-e', '0'],
      'varve --version': commandOf('varve', ['--version']),
      'varve status': commandOf('varve', ['status']),
      'varve log': commandOf('varve', ['log']),
      "import('varve')": [process.execPath, '-e', `import(${JSON.stringify(library)})`],
      'git status': commandOf('git', ['status']),
    }
    /** @type {Record<string, number[]>} */
    const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]))
    for (let i = 0; i < 5 * rounds; i++) {
      for (const [name, command] of Object.entries(commands)) times[name].push(run(dir, command).ms)
    }
    const node = median(times['node -e 0'])
    console.log(`\nstarting (median of ${5 * rounds}; Node ${process.version})\n`)
    printTable(
      ['command', 'ms', 'times node -e 0'],
      Object.entries(times).map(([name, list]) => [
        name,
        median(list).toFixed(0),
        (median(list) / node).toFixed(2),
      ]),
    )
  } finally {
    rmSync(room, { recursive: true, force: true })
  }
}

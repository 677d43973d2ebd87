// Completion as the shells themselves do it: each that is installed reads its script and is asked what may follow.
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { actionsOf } from '../../src/cli/completion.ts'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varveFile } from './varve.ts'

const dir = temporaryDir()
const cwd = path.join(dir, 'data')
const bin = path.join(dir, 'bin')
const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, HOME: dir }

beforeAll(async () => {
  for (const folder of [cwd, bin]) mkdirSync(folder)
  writeFileSync(path.join(bin, 'varve'), `#!/bin/sh\nexec '${process.execPath}' '${varveFile}' "$@"\n`)
  chmodSync(path.join(bin, 'varve'), 0o755)
  await ok(['init'], { cwd })
  writeFileSync(path.join(cwd, 'notes.txt'), 'one\n')
  await ok(['add', '.'], { cwd })
  await ok(['commit', '-m', 'First'], { cwd })
  await ok(['branch', 'feature'], { cwd })
  await ok(['tag', 'v1'], { cwd })
  await ok(['tag', 'v2'], { cwd })
  await ok(['remote', 'add', 'hub', '../hub'], { cwd })
  for (const shell of ['bash', 'fish'])
    writeFileSync(path.join(dir, shell), await ok(['completion', shell], { cwd }))
}, 60_000)

function runsHere(shell: string): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0
}

/** What may stand in the place of the last word. */
const asked: Record<string, (line: string) => string> = {
  bash: (line) => `
    source "$0"; read -ra COMP_WORDS <<< '${line}'; [[ '${line}' == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _varve; printf '%s\\n' "\${COMPREPLY[@]}"`,
  fish: (line) => `source $argv[1]; complete -C '${line}'`,
}

describe.each(Object.keys(asked).filter((shell) => runsHere(shell)))('%s', (shell) => {
  const complete = (line: string): string[] =>
    execFileSync(shell, ['-c', asked[shell]!(line), path.join(dir, shell)], { cwd, env, encoding: 'utf8' })
      .split('\n')
      .map((found) => found.split('\t')[0]!)
      // Fish offers files, too.
      .filter((found) => found !== '' && found !== 'notes.txt')
      .sort()

  test.each([
    ['varve me', ['merge', 'merge-base', 'merge-file']],
    ['varve commit --am', ['--amend']],
    ['varve help di', ['diff']],
    ['varve stash p', ['pop', 'push']],
    ['varve switch ', ['feature', 'main', 'v1', 'v2']],
    ['varve fetch ', ['hub']],
    ['varve remote ', ['add', 'get-url', 'hub', 'list', 'remove', 'rename', 'set-url']],
    ['varve completion ', ['bash', 'fish', 'zsh']],
    ['varve diff --format ', ['markdown', 'text']],
    ['varve export people.csv --format js', ['jsonl']],
    ['varve rebase --onto ', ['feature', 'main', 'v1', 'v2']],
    ['varve gc --remote ', ['hub']],
    ['varve sync --allow d', ['deletes']],
    ['varve commit --message ', []],
  ])('%s', (line, found) => {
    expect(complete(line)).toEqual(found)
  })
})

test('the actions of a command are those that its usage names', () => {
  const usage = ['stash [push] [-u] [PATH...]', 'stash pop | apply [STASH]', 'stash branch NAME']
  expect(actionsOf({ name: 'stash', usage })).toEqual(['push', 'pop', 'apply', 'branch'])
  expect(actionsOf({ name: 'merge', usage: ['merge [--no-commit] REV', 'merge --abort'] })).toEqual([])
})

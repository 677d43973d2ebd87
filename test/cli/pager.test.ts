// Long answers on a real terminal go through a pager as they are made.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Writable } from 'node:stream'
import { beforeAll, expect, test } from 'vitest'
import { Output } from '../../src/cli/output.ts'
import { plain } from '../../src/cli/paint.ts'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'
import { hasLess, hasScript, onTerminal } from './on-terminal.ts'
import { varve } from './varve.ts'

const cwd = temporaryDir()
const seen = path.join(cwd, '.varve/seen')
const count = 400

beforeAll(async () => {
  const repo = await Repository.init(cwd, { author: { name: 'Ada', email: 'ada@example.org' } })
  for (let i = 0; i < count; i++) {
    await repo.transaction('main', (tx) => tx.writeFile('n.txt', `${i}\n`), {
      message: `commit ${i}`,
    })
  }
  await repo.close()
}, 60_000)

test.skipIf(!hasScript)(
  "goes through the pager with colours, and -P, --no-pager, -q, --json and pipes go past it (skipped without util-linux's script)",
  async () => {
    const env = { VARVE_PAGER: `cat > ${seen}` }
    const paged = await onTerminal(['log', '--oneline'], { cwd, env })
    const text = readFileSync(seen, 'utf8')
    expect([paged.code, paged.screen, text.split('\n').length]).toEqual([0, '', count + 1])
    expect(text).toContain('\u001b[33m')
    const loud = { VARVE_PAGER: 'cat >/dev/null; echo PAGED' }
    for (const args of [
      ['-P', 'log', '-1'],
      ['show', '-P'],
      ['--no-pager', 'log', '-1'],
      ['log', '-1', '-q'],
      ['log', '-1', '--json'],
      ['branch'],
    ])
      expect((await onTerminal(args, { cwd, env: loud })).screen).not.toContain('PAGED')
    expect((await varve(['log', '-1'], { cwd, env: loud })).stdout).not.toContain('PAGED')
    for (const args of [['show'], ['reflog'], ['ls'], ['help', 'log'], ['log', '--help'], ['stash', 'list']])
      expect((await onTerminal(args, { cwd, env: loud })).screen.trim()).toBe(
        args[0] === 'stash' ? '' : 'PAGED',
      )
  },
)

test.skipIf(!hasScript)(
  "the exit code is the command's, and its errors come when the pager has ended (skipped without util-linux's script)",
  async () => {
    const env = { VARVE_PAGER: 'cat' }
    expect(
      (await onTerminal(['diff', '--exit-code', 'HEAD~1', 'HEAD'], { cwd, env: { PAGER: 'cat -' } })).code,
    ).toBe(1)
    const wrong = await onTerminal(['log', 'nowhere'], { cwd, env })
    expect([wrong.code, wrong.screen]).toEqual([43, expect.stringContaining('error:')])
    const missing = await onTerminal(['log', '-1', '--oneline'], {
      cwd,
      env: { VARVE_PAGER: 'no-such-pager -x' },
    })
    expect([missing.code, missing.screen]).toEqual([
      0,
      expect.stringMatching(new RegExp(`commit ${count - 1}\n[^]*no such pager: 'no-such-pager -x'`)),
    ])
    const broken = await onTerminal(['log', '-1'], { cwd, env: { VARVE_PAGER: "'no-such-pager'" } })
    expect([broken.code, broken.screen]).toEqual([20, expect.stringContaining('cannot be run')])
  },
)

test('on a terminal what is there is written while the rest is still to come', async () => {
  let written = ''
  const stdout = new Writable({
    write: (chunk, _encoding, done) => {
      written += String(chunk)
      done()
    },
  })
  const quiet = { json: false, quiet: false, verbose: false, paint: plain, columns: 80 }
  const ends = { stdout: () => stdout, complain: () => {}, onClosed: () => {} }
  for (const terminal of [true, false]) {
    written = ''
    const out = new Output({ ...quiet, ...ends, terminal })
    const seenBefore: string[] = []
    async function* slow(): AsyncGenerator<string> {
      yield 'first'
      seenBefore.push(written)
      yield 'second'
    }
    await out.items(slow(), (line) => out.line(line))
    await out.flush()
    expect([seenBefore, written]).toEqual([[terminal ? 'first\n' : ''], 'first\nsecond\n'])
  }
})

test.skipIf(!hasLess)(
  'leaving the pager early ends the command without a word (skipped without script or less)',
  async () => {
    const { code, screen } = await onTerminal(['log'], {
      cwd,
      env: { PAGER: 'less' },
      steps: [{ sees: `commit ${count - 1}`, types: 'q' }],
    })
    expect(code).toBe(0)
    expect(screen).not.toMatch(/error|EPIPE/)
    expect(screen).not.toContain('commit 3\n')
  },
)

test.skipIf(!hasLess)(
  'what fits the screen is printed, and less ends by itself (skipped without script or less)',
  async () => {
    const { code, screen } = await onTerminal(['log', '-2', '--oneline'], { cwd })
    expect([code, screen]).toEqual([0, expect.stringContaining(`commit ${count - 2}`)])
  },
)

test.skipIf(!hasLess)(
  'Ctrl-C leaves the terminal to the pager until the reader leaves it, and then as it was (skipped without script or less)',
  async () => {
    const { screen } = await onTerminal('stty -g; "$NODE" "$VARVE" log; echo "code $?"; stty -g', {
      cwd,
      steps: [
        { sees: `commit ${count - 1}`, types: '\u0003' },
        { sees: /:|\S/, types: 'q' },
      ],
    })
    const settings = screen.match(/^[0-9a-f]+(:[0-9a-f]+){10,}$/gm)
    expect(settings).toHaveLength(2)
    expect(settings![0]).toBe(settings![1])
    expect(screen).toMatch(/code (0|130)\n/)
    expect(existsSync(cwd)).toBe(true)
  },
)

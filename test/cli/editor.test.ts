// Messages written in an editor, on a real terminal.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { cleanMessage, markFor } from '../../src/cli/message/clean.ts'
import { temporaryDir } from '../support/temporary.ts'
import { hasScript, onTerminal } from './on-terminal.ts'
import { json, ok, varve } from './varve.ts'

const put = (name: string, text: string): void => writeFileSync(path.join(cwd, name), text)
const editMessage = (): string => path.join(cwd, '.varve/COMMIT_EDITMSG')
const messageOf = async (revision = 'HEAD'): Promise<string> =>
  (await json<{ commit: { message: string } }>(['show', revision], { cwd })).commit.message

let cwd: string
/** An editor that keeps what it was shown in 'shown' and puts lines before it. */
let editor: (...lines: string[]) => Record<string, string>

beforeEach(async () => {
  cwd = temporaryDir()
  const file = path.join(temporaryDir(), 'editor.sh')
  writeFileSync(
    file,
    '#!/bin/sh\ncp "$1" "$SHOWN"\nprintf "$TEXT" >"$1.new"; cat "$1" >>"$1.new"; mv "$1.new" "$1"\n',
  )
  chmodSync(file, 0o755)
  editor = (...lines) => ({
    VARVE_EDITOR: file,
    TEXT: lines.map((line) => `${line}\\n`).join(''),
    SHOWN: path.join(cwd, '.varve/shown'),
  })
  await ok(['init'], { cwd })
  put('people.csv', 'id,name\n1,Ada\n2,Grace\n')
  await ok(['track', 'people.csv', '--key', 'id'], { cwd })
  await ok(['add', '.'], { cwd })
  await ok(['commit', '-m', 'First'], { cwd })
})

const shown = (): string => readFileSync(path.join(cwd, '.varve/shown'), 'utf8')

describe('what was typed', () => {
  test('loses comments, what is below the scissors, and empty lines too many', () => {
    expect(cleanMessage('\n\nsubject  \n\n\n\nbody\n# no\n \n')).toBe('subject\n\nbody')
    const cut = '# ------------------------ >8 ------------------------'
    expect(cleanMessage(`subject\n${cut}\n+ row\n`)).toBe('subject')
    expect(cleanMessage('# only\n\n#comments\n')).toBe('')
  })

  test('has other marks where a line of the message begins with one', () => {
    expect(markFor('subject\n\n#3 is fixed')).toBe(';')
    expect(cleanMessage('subject\n\n#3 is fixed\n; comment\n', ';')).toBe('subject\n\n#3 is fixed')
  })
})

describe.skipIf(!hasScript)("varve commit on a terminal (skipped without util-linux's script)", () => {
  test('opens the editor, told what will be committed and what will not', async () => {
    put('people.csv', 'id,name\n1,Ada L.\n2,Grace\n3,Alan\n')
    await ok(['add', '.'], { cwd })
    put('people.csv', 'id,name\n1,Ada L.\n2,Grace H.\n3,Alan\n')
    put('loose.txt', 'x\n')
    const { code, screen } = await onTerminal(['commit'], {
      cwd,
      env: editor('Correct a name', '', 'As told.'),
    })
    expect([code, screen]).toEqual([0, expect.stringMatching(/\[main \w{8}\] Correct a name/)])
    expect(await messageOf()).toBe('Correct a name\n\nAs told.')
    expect(shown()).toContain('# on branch main\n')
    expect(shown()).toContain('# to be committed:\n#   people.csv  1 row changed, 1 added, 1 cell\n')
    expect(shown()).toContain('# changed, not staged:\n#   people.csv\n')
    expect(shown()).toContain('# untracked:\n#   loose.txt\n')
    expect(existsSync(editMessage())).toBe(false)
  })

  test('an empty message stops it, and nothing is staged by -a either', async () => {
    put('people.csv', 'id,name\n1,Ada L.\n2,Grace\n')
    const before = await ok(['status'], { cwd })
    const { code, screen } = await onTerminal(['commit', '-a'], { cwd, env: editor() })
    expect([code, screen]).toEqual([130, expect.stringContaining('stopped: the message is empty')])
    expect(await ok(['status'], { cwd })).toBe(before)
    expect(await messageOf()).toBe('First')
  })

  test('an editor that fails commits nothing', async () => {
    put('people.csv', 'id,name\n1,Ada L.\n2,Grace\n')
    for (const [VARVE_EDITOR, says] of [
      ['false', "the editor 'false' failed: exit code 1"],
      ['no-such-editor', "no such editor: 'no-such-editor'"],
    ] as const) {
      const { code, screen } = await onTerminal(['commit', '-a'], { cwd, env: { VARVE_EDITOR } })
      expect([code, screen]).toEqual([20, expect.stringContaining(says)])
    }
    expect(await messageOf()).toBe('First')
  })

  test('with -v the changes stand below the scissors and are no part of the message', async () => {
    put('people.csv', 'id,name\n1,Ada L.\n2,Grace\n')
    expect((await onTerminal(['commit', '-av'], { cwd, env: editor('Correct') })).code).toBe(0)
    expect(shown()).toMatch(/>8[^]*~ id=1 {2}name: Ada -> Ada L\./)
    expect(await messageOf()).toBe('Correct')
  })

  test('the message survives a commit that fails, and the error tells where', async () => {
    put('people.csv', 'id,name\n1,Ada L.\n2,Grace\n')
    const breaking = path.join(temporaryDir(), 'breaking.sh')
    // The rows break the table's rules only when the message has been written.
    writeFileSync(
      breaking,
      '#!/bin/sh\nprintf "Long thoughts\\n" >"$1"\nprintf "id,name\\n1,a\\n1,b\\n" >people.csv\n',
    )
    chmodSync(breaking, 0o755)
    const { code, screen } = await onTerminal(['commit', '-a'], { cwd, env: { VARVE_EDITOR: breaking } })
    expect([code, screen]).toEqual([
      23,
      expect.stringContaining("'varve commit -F .varve/COMMIT_EDITMSG' takes it"),
    ])
    expect(readFileSync(editMessage(), 'utf8')).toBe('Long thoughts\n')
    put('people.csv', 'id,name\n1,Ada L.\n2,Grace\n')
    await ok(['commit', '-a', '-F', '.varve/COMMIT_EDITMSG'], { cwd })
    expect((await messageOf()).trim()).toBe('Long thoughts')
  })

  test('--amend begins with the old message, --no-edit keeps it, -e edits a given one', async () => {
    await onTerminal(['commit', '--amend'], { cwd, env: editor('Before') })
    expect(await messageOf()).toBe('Before\nFirst')
    expect(shown()).toMatch(/^First\n\n# Say[^]*replaces \w{8}[^]*people\.csv +new, 2 rows added/)
    const kept = await onTerminal(['commit', '--amend', '--no-edit'], { cwd, env: { VARVE_EDITOR: 'false' } })
    expect([kept.code, await messageOf()]).toEqual([0, 'Before\nFirst'])
    await ok(['commit', '--amend', '-m', 'Given', '-e'], { cwd, env: { ...editor('Typed') } })
    expect(await messageOf()).toBe('Typed\nGiven')
  })

  test('with nothing to commit, or no terminal, no editor is opened', async () => {
    const nothing = await onTerminal(['commit'], { cwd, env: editor('Never') })
    expect([nothing.code, existsSync(path.join(cwd, '.varve/shown'))]).toEqual([44, false])
    put('people.csv', 'id,name\n1,Ada L.\n2,Grace\n')
    const piped = await varve(['commit', '-a'], { cwd, env: editor('Never') })
    expect([piped.code, piped.stderr]).toEqual([2, expect.stringContaining('no message given')])
  })

  test('core.editor is of the own settings alone, before $VISUAL and $EDITOR', async () => {
    const config = path.join(cwd, '.varve/own.json')
    const own = { VARVE_CONFIG: config, VISUAL: 'false', EDITOR: 'false' }
    const { VARVE_EDITOR: file, ...rest } = editor('By settings')
    await ok(['config', '--global', 'core.editor', file!], { cwd, env: own })
    await onTerminal(['commit', '--allow-empty'], { cwd, env: { ...own, ...rest } })
    expect(await messageOf()).toBe('By settings')
    const here = await varve(['config', 'core.editor', 'vi'], { cwd })
    expect([here.code, here.stderr]).toEqual([2, expect.stringContaining('no repository may')])
  })
})

describe.skipIf(!hasScript)("commits that other commands make (skipped without util-linux's script)", () => {
  beforeEach(async () => {
    await ok(['switch', '-c', 'side'], { cwd })
    put('people.csv', 'id,name\n1,Ada\n2,Grace H.\n')
    await ok(['commit', '-am', 'On the side'], { cwd })
    await ok(['switch', 'main'], { cwd })
    put('people.csv', 'id,name\n1,Ada L.\n2,Grace\n')
    await ok(['commit', '-am', 'On main'], { cwd })
  })

  test('a merge asks for its message when all is merged, and an empty one changes nothing', async () => {
    const before = await ok(['status', '--json'], { cwd })
    expect((await onTerminal(['merge', 'side'], { cwd, env: { VARVE_EDITOR: 'truncate -s 0' } })).code).toBe(
      130,
    )
    expect(await ok(['status', '--json'], { cwd })).toBe(before)
    const { code } = await onTerminal(['merge', 'side'], { cwd, env: editor('Both names') })
    expect([code, await messageOf()]).toEqual([0, "Both names\nMerge branch 'side'"])
    expect(shown()).toMatch(/all is merged:\n# +merged +people\.csv +1 row changed/)
    expect(await json(['reflog', '-1'], { cwd })).toMatchObject({
      items: [{ operation: 'merge', message: "Both names Merge branch 'side'" }],
    })
  })

  test('--no-edit, -m and a pipe ask for nothing', async () => {
    await onTerminal(['merge', '--no-edit', 'side'], { cwd, env: { VARVE_EDITOR: 'false' } })
    expect(await messageOf()).toBe("Merge branch 'side'")
  })

  test('revert asks, cherry-pick does when told to', async () => {
    await onTerminal(['revert', 'HEAD'], { cwd, env: editor('Because') })
    expect(await messageOf()).toMatch(/^Because\nRevert "On main"/)
    await onTerminal(['cherry-pick', 'side'], { cwd, env: editor('Never') })
    expect(await messageOf()).toBe('On the side')
    await ok(['undo'], { cwd })
    await onTerminal(['cherry-pick', '-e', 'side'], { cwd, env: editor('Picked') })
    expect(await messageOf()).toBe('Picked\nOn the side')
  })

  test('a merge that goes on tells which conflicts were resolved', async () => {
    put('people.csv', 'id,name\n1,Ada L.\n2,Grace M.\n')
    await ok(['commit', '-am', 'Also'], { cwd })
    expect((await varve(['merge', 'side'], { cwd })).code).toBe(21)
    await ok(['resolve', 'people.csv', '--ours'], { cwd })
    await onTerminal(['merge', '--continue'], { cwd, env: editor('Settled') })
    expect(await messageOf()).toBe("Settled\nMerge branch 'side'")
    expect(shown()).toContain('# conflicts, resolved:\n#   people.csv  1 conflict\n')
  })

  test('tag -a', async () => {
    await onTerminal(['tag', '-a', 'v1'], { cwd, env: editor('As published') })
    expect(await json(['tag'], { cwd })).toMatchObject({
      items: [{ name: 'v1', annotated: true, message: 'As published' }],
    })
    const again = await onTerminal(['tag', '-a', 'v1'], { cwd, env: editor('Never') })
    expect([again.code, again.screen]).toEqual([20, expect.stringContaining("tag 'v1' exists already")])
  })
})

test.skipIf(!hasScript)(
  "the editor has the terminal, and Ctrl-C there is for it (skipped without util-linux's script)",
  async () => {
    put('people.csv', 'id,name\n1,Ada L.\n2,Grace\n')
    const typing = path.join(temporaryDir(), 'typing.sh')
    writeFileSync(
      typing,
      '#!/bin/bash\ntrap "echo heard" INT\necho ready\nuntil read -r line; do :; done\necho "$line" >"$1"\n',
    )
    chmodSync(typing, 0o755)
    const { code } = await onTerminal(['commit', '-a'], {
      cwd,
      env: { VARVE_EDITOR: typing },
      steps: [
        { sees: 'ready', types: '\u0003' },
        { sees: '^C', types: 'By hand\r' },
      ],
    })
    expect([code, await messageOf()]).toEqual([0, 'By hand'])
  },
)

// Codes of the operating system in words, with a place and a next step.
import { expect, test } from 'vitest'
import { type FsCall, watchingFs } from '../support/fs-calls.ts'
import { runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'
import { bareSystemFailure, readFailure, systemFailure } from '../../src/base/system-error.ts'

function systemError(code: string, facts: object = {}): Error {
  return Object.assign(new Error(`${code}: some words of its own, open 'x'`), { code, ...facts })
}

test('has a code, words and a hint of ours, or the words of the system where we have none', () => {
  expect(systemFailure(systemError('EMFILE'), "cannot read 'x'", 'x')).toMatchObject({
    code: 'VARVE_IO',
    message: "cannot read 'x': too many open files",
    hint: expect.stringContaining('ulimit'),
    data: { path: 'x', errno: 'EMFILE' },
  })
  expect(systemFailure(systemError('ENOSPC'), 'cannot write')).toMatchObject({ code: 'VARVE_DISK_FULL' })
  expect(systemFailure(systemError('ENODEV'), 'cannot read')).toMatchObject({
    code: 'VARVE_IO',
    message: 'cannot read: some words of its own',
  })
  expect(systemFailure(systemError('EACCES'), 'reading failed', 'd', 'ignore it')!.hint).toBe('ignore it')
})

test('a file that cannot be read says why, also where the system has no code for it', () => {
  expect(readFailure(systemError('EACCES'), "cannot read 'x'", { path: 'x' })).toMatchObject({
    code: 'VARVE_IO',
    message: "cannot read 'x': permission denied",
    hint: expect.stringContaining('permissions'),
    data: { path: 'x', errno: 'EACCES' },
  })
  expect(
    readFailure(new Error('it is too long'), "cannot read 'x'", { hint: 'SETTING names it' }),
  ).toMatchObject({ code: 'VARVE_IO', message: "cannot read 'x': it is too long", hint: 'SETTING names it' })
})

test('says by itself what was tried, and where', () => {
  const renamed = systemError('EXDEV', { syscall: 'rename', path: '/a', dest: '/b' })
  expect(bareSystemFailure(renamed)!.message).toBe(
    "cannot rename '/a' to '/b': it would cross from one file system to another",
  )
  expect(bareSystemFailure(systemError('EIO', { syscall: 'read' }))!.message).toBe(
    'cannot read: input/output error',
  )
})

test('is not made of anything else', () => {
  for (const other of [
    new TypeError('x'),
    systemError('ERR_INVALID_ARG_TYPE'),
    systemError('23505'),
    'text',
    null,
  ])
    expect(bareSystemFailure(other)).toBeNull()
})

test.each(['status', 'log', 'init'])(
  'what cannot be looked at is not taken for missing: %s',
  async (verb) => {
    const dir = temporaryDir()
    await runHere(['init'], dir)
    const before = ({ name, path: file }: FsCall): void => {
      if (name !== 'stat' || file !== '/.varve/format') return
      throw Object.assign(new Error('EACCES: injected'), { code: 'EACCES', syscall: 'stat', path: file })
    }
    const { code, stderr } = await watchingFs(dir, { before }, () => runHere([verb], dir))
    expect([code, stderr]).toEqual([
      52,
      expect.stringMatching(/^error: cannot use '.*format': permission denied\n/),
    ])
  },
)

// The file of passwords of PostgreSQL's programs: which line fits, and what a backslash does.
import { describe, expect, test } from 'vitest'
import { passwordIn } from '../../src/connectors/postgres/password.ts'

const login = { host: 'db.example.org', port: 5432, database: 'shop', user: 'ada' }

describe('a password in .pgpass', () => {
  test('is that of the first line that fits', () => {
    const text = [
      '# db.example.org:5432:shop:ada:a comment',
      'db.example.org:5433:shop:ada:another port',
      'db.example.org:5432:*:grace:another user',
      'db.example.org:5432:shop:ada',
      '*:*:shop:ada:first',
      'db.example.org:5432:shop:ada:second',
    ].join('\n')
    expect(passwordIn(text, login)).toBe('first')
    expect(passwordIn(text, { ...login, user: 'nobody' })).toBe(undefined)
  })

  test('has colons and backslashes behind a backslash, and all other signs as they are', () => {
    expect(passwordIn(String.raw`*:*:*:ada:p@ss\:w/o%25r d\\ü#?&"'`, login)).toBe(
      String.raw`p@ss:w/o%25r d\ü#?&"'`,
    )
    expect(passwordIn('*:*:*:ada:a:b \r\n', login)).toBe('a:b ')
    expect(passwordIn(String.raw`*:*:my\:shop:d\\:x`, { ...login, database: 'my:shop', user: 'd\\' })).toBe(
      'x',
    )
  })

  test("of a socket in one of its usual folders is that of 'localhost'", () => {
    expect(passwordIn('localhost:*:*:*:x', { ...login, host: '/var/run/postgresql' })).toBe('x')
    expect(passwordIn('localhost:*:*:*:x', { ...login, host: '/home/ada/sockets' })).toBe(undefined)
    expect(passwordIn('/home/ada/sockets:*:*:*:x', { ...login, host: '/home/ada/sockets' })).toBe('x')
  })
})

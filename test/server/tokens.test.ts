import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { checkPattern, matchesPattern } from '../../src/server/access/patterns.ts'
import { Tokens } from '../../src/server/access/tokens.ts'
import { temporaryDir } from '../support/temporary.ts'

const now = 1_700_000_000_000

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (error) {
    return isVarveError(error) ? `${error.code}: ${error.message}` : String(error)
  }
  return 'no error'
}

function filesBelow(dir: string): string[] {
  return fs
    .readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
}

test('a token is shown once: what is kept is its digest, in a file that nobody else may read', async () => {
  const dir = temporaryDir()
  const { token, info } = await new Tokens(dir).create({ name: 'ci', scope: 'write' }, now)
  expect(token).toMatch(/^varve_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/)
  const secret = token.slice(-43)
  for (const file of filesBelow(dir)) {
    expect(fs.readFileSync(file, 'utf8')).not.toContain(secret)
    expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  }
  expect(new Tokens(dir).find(token, now)).toEqual(info)
  expect(JSON.stringify(new Tokens(dir).list())).not.toMatch(/digest/)
})

test('a wrong, expired or revoked token is nobody’s', async () => {
  const tokens = new Tokens(temporaryDir())
  const { token, info } = await tokens.create({ name: 'ci', scope: 'read', expiresMs: now + 1000 }, now)
  const other = await tokens.create({ name: 'other', scope: 'read' }, now)
  const swapped = token.slice(0, -43) + other.token.slice(-43)
  for (const wrong of [
    '',
    'x',
    token.slice(0, -1),
    `${token}x`,
    swapped,
    token.replace(info.id, '0'.repeat(16)),
  ])
    expect(tokens.find(wrong, now)).toBeNull()
  expect(tokens.find(token, now + 999)?.id).toBe(info.id)
  expect(tokens.find(token, now + 1000)).toBeNull()
  expect(tokens.find(other.token, now)?.name).toBe('other')
  await tokens.revoke('other', now)
  expect(tokens.find(other.token, now)).toBeNull()
  expect(tokens.list().map(({ name, revokedMs }) => [name, revokedMs])).toEqual([
    ['ci', null],
    ['other', now],
  ])
  expect(await codeOf(() => tokens.revoke('other', now))).toContain('VARVE_REF_NOT_FOUND')
})

test('names are taken once, scopes and patterns are checked', async () => {
  const tokens = new Tokens(temporaryDir())
  await tokens.create({ name: 'ci', scope: 'read' }, now)
  for (const wanted of [
    { name: 'ci', scope: 'read' },
    { name: '../x', scope: 'read' },
    { name: 'a', scope: 'root' },
    { name: 'a', scope: 'read', repositories: 'a b' },
    { name: 'a', scope: 'read', branches: '' },
  ])
    expect(await codeOf(() => tokens.create(wanted, now))).toMatch(/^VARVE_(USAGE|NOT_POSSIBLE)/)
  await tokens.revoke('ci', now)
  await tokens.create({ name: 'ci', scope: 'write' }, now)
})

test.skipIf(process.platform === 'win32')('a folder or file that others can read is refused', async () => {
  const dir = temporaryDir()
  const { token, info } = await new Tokens(dir).create({ name: 'ci', scope: 'read' }, now)
  const file = path.join(dir, 'tokens', `${info.id}.json`)
  fs.chmodSync(file, 0o644)
  expect(await codeOf(() => new Tokens(dir).find(token, now))).toMatch(
    /VARVE_REFUSED: .* can be read by others/,
  )
  fs.chmodSync(file, 0o600)
  fs.chmodSync(dir, 0o755)
  expect(await codeOf(() => new Tokens(dir))).toContain('VARVE_REFUSED')
})

test('a damaged file is an error, never a token', async () => {
  const dir = temporaryDir()
  const { token, info } = await new Tokens(dir).create({ name: 'ci', scope: 'read' }, now)
  const file = path.join(dir, 'tokens', `${info.id}.json`)
  const text = fs.readFileSync(file, 'utf8')
  for (const damaged of [
    '',
    '{',
    '[]',
    '{}',
    text.replace(/"digest":"../, '"digest":"'),
    text.replace('read', 'root'),
  ]) {
    fs.writeFileSync(file, damaged)
    expect(await codeOf(() => new Tokens(dir).find(token, now))).toContain('VARVE_CORRUPT')
  }
})

test.each([
  ['*', 'anything/at all', true],
  ['main', 'main', true],
  ['main', 'main2', false],
  ['import/*', 'import/a/b', true],
  ['import/*', 'import', false],
  ['a, b*', 'bc', true],
  ['*-*', 'a-b-c', true],
  ['*a*a*a*a*a*a*a*a*b', 'a'.repeat(5000), false],
  ['none', 'none', false],
])('pattern %j and name %s', (pattern, name, expected) => {
  expect(matchesPattern(pattern, name)).toBe(expected)
})

test('a pattern of many commas is refused at once', async () => {
  for (const pattern of [`${','.repeat(500)}"`, `${'a,'.repeat(400)}"`, `a${' ,a'.repeat(300)} "`])
    expect(await codeOf(() => checkPattern(pattern, 'branches'))).toMatch(/^VARVE_USAGE/)
  expect(checkPattern('a, b*,c/d', 'branches')).toBe('a, b*,c/d')
})

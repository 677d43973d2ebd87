// Signatures by SSH keys, made and checked by the real ssh-keygen.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  DataRepository,
  MemoryStore,
  type OpenOptions,
  type SigningSettings,
  type Transaction,
} from '../../src/index.ts'
import { readCommit } from '../../src/history/commit.ts'
import { parseCid } from '../../src/encoding/cid.ts'
import { signedParts, withSignature } from '../../src/history/signed.ts'
import { hasSsh, sshKeys } from '../support/signing-keys.ts'

const environment = { PATH: process.env['PATH'], HOME: '/nonexistent' }
const author = { name: 'Ada', email: 'ada@example.org' }
const now = (): { timeMs: number; zoneMinutes: number } => ({ timeMs: Date.UTC(2026, 5, 1), zoneMinutes: 0 })

describe.skipIf(!hasSsh)('SSH (skipped where ssh-keygen is not installed)', () => {
  const keys = sshKeys()
  const settings = { format: 'ssh', allowedSigners: keys.allowed } as const
  const ada = keys.make('ada')
  const store = MemoryStore.create()
  const open = (signing: SigningSettings | null, more: OpenOptions = {}): DataRepository =>
    DataRepository.over(store, {
      author,
      environment,
      now,
      ...(signing === null ? {} : { signing: { ...settings, ...signing } }),
      ...more,
    })
  let count = 0
  const commit = async (repo: DataRepository, sign?: boolean | string): Promise<string> => {
    const change = (tx: Transaction): Promise<void> => tx.writeFile('a', String(count++))
    const options = { message: 'Change', ...(sign === undefined ? {} : { sign }) }
    return (await repo.transaction('main', change, options)).commit!.id
  }

  test('a commit signed with a key that the file of allowed signers names is good', async () => {
    const repo = open({ key: ada })
    const id = await commit(repo, true)
    expect(await repo.verifyCommit(id)).toEqual({
      id,
      code: 'G',
      valid: true,
      format: 'ssh',
      signer: 'ada@example.org',
      key: keys.fingerprintOf('ada'),
      fingerprint: keys.fingerprintOf('ada'),
      primaryFingerprint: '',
      trust: 'fully',
      message: expect.stringContaining('Good "varve" signature for ada@example.org') as string,
    })
  })

  test('nothing is signed unasked, and `commits` asks once for all', async () => {
    expect(await open({}).verifyCommit(await commit(open({ key: ada })))).toMatchObject({
      code: 'N',
      valid: false,
    })
    const repo = open({ key: ada, commits: true })
    expect(await repo.verifyCommit(await commit(repo))).toMatchObject({ code: 'G' })
    expect(await repo.verifyCommit(await commit(repo, false))).toMatchObject({ code: 'N' })
  })

  test('a key can be given with the commit, and as its public half where the private one lies beside it', async () => {
    const repo = open({})
    for (const key of [ada, `${ada}.pub`])
      expect(await repo.verifyCommit(await commit(repo, key))).toMatchObject({ code: 'G' })
  })

  test('what is signed is the commit without its signature; another byte, and it is bad', async () => {
    const repo = open({ key: ada })
    const cid = parseCid((await repo.commitInfo(await commit(repo, true))).cid)!
    const [bytes] = await store.get([cid])
    const { payload, signature } = signedParts(bytes!, 'a commit')
    expect(withSignature(payload, signature!)).toEqual(bytes)
    expect((await readCommit(store, cid)).signature).toBe(signature)
    const { checkSignature } = await import('../../src/signing/check.ts')
    const check = (one: Uint8Array): ReturnType<typeof checkSignature> =>
      checkSignature({ settings, environment }, { payload: one, signature, timeMs: now().timeMs })
    expect(await check(payload)).toMatchObject({ code: 'G', valid: true })
    for (const at of [0, payload.length >> 1, payload.length - 1]) {
      const changed = payload.slice()
      changed[at]! ^= 1
      expect(await check(changed)).toMatchObject({ code: 'B', valid: false, signer: '', trust: 'never' })
    }
  })

  test('a good signature by a key that nobody named is of unknown validity, and not to be relied on', async () => {
    const stranger = keys.make('stranger', null)
    const repo = open({ key: stranger })
    const id = await commit(repo, true)
    const check = { code: 'U', valid: false, signer: '', trust: 'undefined' }
    expect(await repo.verifyCommit(id)).toMatchObject({ ...check, key: keys.fingerprintOf('stranger') })
    const { allowedSigners: _, ...without } = settings
    const unnamed = DataRepository.over(store, { author, environment, signing: without })
    expect(await unnamed.verifyCommit(id)).toMatchObject(check)
    expect((await unnamed.verifyCommit(id)).message).toContain(
      'varve config --global gpg.ssh.allowedSignersFile',
    )
  })

  test('a key counts in the time that the file says, by the date of the commit', async () => {
    const late = keys.make('late', 'valid-before="20260101"')
    const repo = open({ key: late })
    const id = await commit(repo, true)
    expect(await repo.verifyCommit(id)).toMatchObject({ code: 'U', valid: false })
    expect((await repo.verifyCommit(id)).message).toContain('expired')
    const earlier = open({ key: late }, { now: () => ({ timeMs: Date.UTC(2025, 5, 1), zoneMinutes: 0 }) })
    expect(await earlier.verifyCommit(await commit(earlier, true))).toMatchObject({ code: 'G', valid: true })
  })

  test('a revoked key, and one that is allowed for another purpose, are not good', async () => {
    const gone = keys.make('gone')
    const revokedKeys = path.join(keys.dir, 'revoked')
    writeFileSync(revokedKeys, `${keys.publicOf('gone')}\n`)
    const repo = open({ key: gone, revokedKeys })
    const id = await commit(repo, true)
    expect(await open({}).verifyCommit(id)).toMatchObject({ code: 'G' })
    expect(await repo.verifyCommit(id)).toMatchObject({ code: 'R', valid: false, signer: 'gone@example.org' })
    const absent = open({ revokedKeys: path.join(keys.dir, 'absent') })
    await expect(absent.verifyCommit(id)).rejects.toThrow('there is no file of revoked keys')
    const other = keys.make('other', 'namespaces="git"')
    const elsewhere = open({ key: other })
    expect(await elsewhere.verifyCommit(await commit(elsewhere, true))).toMatchObject({
      code: 'U',
      valid: false,
    })
  })

  test('trust can be asked for', async () => {
    const repo = open({ key: ada, trustMin: 'fully' })
    const id = await commit(repo, true)
    expect(await repo.verifyCommit(id)).toMatchObject({ valid: true })
    expect(await open({ trustMin: 'ultimate' }).verifyCommit(id)).toMatchObject({ code: 'G', valid: false })
  })

  test('hostile signatures say nothing and do nothing', async () => {
    const { checkSignature } = await import('../../src/signing/check.ts')
    const begin = '-----BEGIN SSH SIGNATURE-----\n'
    const end = '\n-----END SSH SIGNATURE-----\n'
    const texts = [
      begin,
      begin + end,
      `${begin}AAAA${end}`,
      begin + 'A'.repeat(60_000) + end,
      `${begin}\0${end}`,
    ]
    const kept = readFileSync(keys.allowed, 'utf8')
    for (const signature of texts) {
      const signed = { payload: new Uint8Array([1]), signature, timeMs: Number.NaN }
      expect(await checkSignature({ settings, environment }, signed)).toMatchObject({
        code: 'B',
        valid: false,
      })
    }
    const strange = { payload: new Uint8Array([1]), signature: '-f /etc/passwd', timeMs: 0 }
    expect(await checkSignature({ settings, environment }, strange)).toMatchObject({
      code: 'E',
      format: null,
    })
    expect(readFileSync(keys.allowed, 'utf8')).toBe(kept)
  })

  test('who cannot sign is told what to do, and nothing is committed', async () => {
    const before = await open({}).commitInfo('main')
    const refused = async (signing: SigningSettings, sign: boolean | string = true): Promise<unknown> =>
      commit(open(signing), sign).catch(({ message, hint, code }) => ({ message, hint, code }))
    const hint = expect.stringContaining('user.signingKey') as string
    const code = 'VARVE_NOT_POSSIBLE'
    expect(await refused({})).toEqual({ code, message: 'nobody has said which key to sign with', hint })
    expect(await refused({ key: '/nonexistent/key' })).toEqual({
      code,
      message: "there is no SSH key in '/nonexistent/key'",
      hint,
    })
    expect(await refused({ key: `key::${keys.publicOf('ada')}` })).toEqual({
      code,
      message: expect.stringContaining('ssh-keygen could not sign: No private key found') as string,
      hint: expect.stringContaining('ssh-add') as string,
    })
    expect(await refused({ key: ada, programs: { ssh: '/nonexistent/ssh-keygen' } })).toEqual({
      code,
      message: "cannot run '/nonexistent/ssh-keygen' to sign with",
      hint: expect.stringContaining('gpg.ssh.program') as string,
    })
    expect(await refused({}, '-oops')).toMatchObject({ code: 'VARVE_USAGE' })
    expect((await open({}).commitInfo('main')).id).toBe(before.id)
  })

  test('a program that is not there cannot check', async () => {
    const id = await commit(open({ key: ada }), true)
    const repo = open({ programs: { ssh: '/nonexistent/ssh-keygen' } })
    const check = await repo.verifyCommit(id)
    expect(check).toMatchObject({ code: 'E', valid: false, format: 'ssh' })
    expect(check.message).toContain("cannot run '/nonexistent/ssh-keygen'")
  })

  test('an annotated tag is signed as a commit is, a plain name cannot be', async () => {
    const repo = open({ key: ada, tags: true })
    await repo.createTag('v1', { revision: 'main', message: 'First' })
    await repo.createTag('v2', { revision: 'main', message: 'Second', sign: false })
    await repo.createTag('plain', { revision: 'main' })
    expect(await repo.verifyTag('v1')).toMatchObject({ code: 'G', valid: true, signer: 'ada@example.org' })
    expect(await repo.verifyTag('v2')).toMatchObject({ code: 'N', valid: false })
    await expect(repo.verifyTag('plain')).rejects.toThrow("tag 'plain' is only a name")
    await expect(repo.createTag('v3', { revision: 'main', sign: true })).rejects.toThrow('needs a message')
    expect((await repo.tags()).find(({ name }) => name === 'v1')).toMatchObject({ message: 'First' })
  })

  test('the log tells what signatures are worth where it is asked', async () => {
    const repo = open({ key: ada })
    await commit(repo, true)
    await commit(repo, false)
    const codes = []
    for await (const { signature } of repo.log({ revision: 'main', limit: 2, signatures: true }))
      codes.push(signature?.code)
    expect(codes).toEqual(['N', 'G'])
    expect(await repo.commitInfo('main')).not.toHaveProperty('signature')
  })
})

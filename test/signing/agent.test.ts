// Keys that are not in a file that can simply be read: with an agent, behind a passphrase, on no machine of ours (X.509).
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkSignature } from '../../src/signing/check.ts'
import type { SigningContext } from '../../src/signing/interface.ts'
import { signBytes } from '../../src/signing/sign.ts'
import { hasSsh, sshKeys } from '../support/signing-keys.ts'
import { temporaryDir } from '../support/temporary.ts'

const PATH = process.env['PATH']
const payload = new TextEncoder().encode('what is signed')
const by = { name: 'Ada', email: 'ada@example.org' }
const hasGpgsm = spawnSync('gpgsm', ['--version']).error === undefined

describe.skipIf(!hasSsh)('SSH keys (skipped where ssh-keygen is not installed)', () => {
  const keys = sshKeys()
  const settings = { format: 'ssh', allowedSigners: keys.allowed } as const
  let pid = 0
  let socket = ''
  beforeAll(() => {
    const said = execFileSync('ssh-agent', ['-s', '-a', path.join(temporaryDir(), 's')], { encoding: 'utf8' })
    pid = Number(/SSH_AGENT_PID=(\d+)/.exec(said)![1])
    socket = /SSH_AUTH_SOCK=([^;]+)/.exec(said)![1]!
  })
  afterAll(() => void process.kill(pid))

  test('an agent signs for a public key that the settings name, in a file or by itself', async () => {
    const file = keys.make('ada')
    const environment = { PATH, SSH_AUTH_SOCK: socket }
    execFileSync('ssh-add', ['-q', file], { env: environment, stdio: 'ignore' })
    const alone = path.join(temporaryDir(), 'alone.pub')
    writeFileSync(alone, `${keys.publicOf('ada')}\n`)
    const context: SigningContext = { settings, environment }
    for (const key of [alone, `key::${keys.publicOf('ada')}`, keys.publicOf('ada')]) {
      const signature = await signBytes(context, payload, { key, by })
      const check = await checkSignature(context, { payload, signature, timeMs: Date.now() })
      expect(check).toMatchObject({ code: 'G', valid: true, signer: 'ada@example.org' })
    }
    execFileSync('ssh-add', ['-q', '-D'], { env: environment, stdio: 'ignore' })
    await expect(signBytes(context, payload, { key: alone, by })).rejects.toThrow('ssh-keygen could not sign')
  })

  test('a key behind a passphrase that nobody can be asked for fails, and says so', async () => {
    const file = path.join(keys.dir, 'locked')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', file])
    const signing = signBytes({ settings, environment: { PATH } }, payload, { key: file, by })
    await expect(signing).rejects.toMatchObject({
      code: 'VARVE_NOT_POSSIBLE',
      message: expect.stringContaining('passphrase') as string,
      hint: expect.stringContaining('ssh-add') as string,
    })
  })
})

describe.skipIf(!hasGpgsm)('X.509 (skipped where gpgsm is not installed)', () => {
  const home = temporaryDir()
  const environment = { PATH, GNUPGHOME: home, HOME: home }
  const run = (program: string, words: readonly string[], input = ''): string =>
    execFileSync(program, words, {
      env: environment,
      encoding: 'utf8',
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  let fingerprint = ''
  beforeAll(() => {
    const at = (name: string): string => path.join(home, name)
    writeFileSync(at('gpgsm.conf'), 'pinentry-mode loopback\ndisable-crl-checks\n')
    writeFileSync(at('gpg-agent.conf'), 'allow-loopback-pinentry\n')
    const wanted = 'Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign\nSerial: random\nName-DN: CN=Ada\n'
    writeFileSync(at('wanted'), `${wanted}Name-Email: ada@example.org\n`)
    run(
      'gpgsm',
      ['--batch', '--passphrase-fd', '0', '--gen-key', '--armor', '-o', at('cert'), at('wanted')],
      '\n',
    )
    run('gpgsm', ['--batch', '--import', at('cert')])
    fingerprint = /^fpr:+([0-9A-F]+):/m.exec(run('gpgsm', ['--list-keys', '--with-colons']))![1]!
    writeFileSync(at('trustlist.txt'), `${fingerprint} S relax\n`)
    run('gpgconf', ['--kill', 'gpg-agent'])
  })
  afterAll(() => void run('gpgconf', ['--kill', 'all']))

  test('gpgsm signs and checks', async () => {
    const context: SigningContext = { settings: { format: 'x509' }, environment }
    const signature = await signBytes(context, payload, { key: fingerprint, by })
    const signed = { payload, signature, timeMs: Date.now() }
    expect(await checkSignature(context, signed)).toMatchObject({
      code: 'G',
      valid: true,
      format: 'x509',
      fingerprint,
    })
    const changed = { ...signed, payload: payload.slice(1) }
    expect(await checkSignature(context, changed)).toMatchObject({ code: 'B', valid: false })
  })
})

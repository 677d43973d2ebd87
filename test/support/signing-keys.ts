// Keys for tests of signatures, made by the real programs: SSH keys in a folder, GnuPG's in a home of its own, whose agent is
// ended with the test file.
import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll } from 'vitest'
import { temporaryDir } from './temporary.ts'

const isThere = (program: string): boolean => spawnSync(program, ['--version']).error === undefined

export const hasSsh: boolean = isThere('ssh-keygen')
export const hasGpg: boolean = isThere('gpg')

export interface SshKeys {
  readonly dir: string
  /** Makes a key, named in the file of allowed signers unless `allowed` is null; the path of its private half. */
  readonly make: (name: string, allowed?: string | null) => string
  readonly publicOf: (name: string) => string
  readonly fingerprintOf: (name: string) => string
  /** The file of allowed signers. */
  readonly allowed: string
}

export function sshKeys(): SshKeys {
  const dir = path.join(temporaryDir(), 'ssh')
  mkdirSync(dir)
  const at = (name: string): string => path.join(dir, name)
  const allowed = at('allowed')
  writeFileSync(allowed, '')
  const publicOf = (name: string): string => readFileSync(at(`${name}.pub`), 'utf8').trim()
  return {
    dir,
    allowed,
    publicOf,
    make(name, options = '') {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', at(name)])
      if (options !== null) appendFileSync(allowed, `${name}@example.org ${options} ${publicOf(name)}\n`)
      return at(name)
    },
    fingerprintOf: (name) =>
      execFileSync('ssh-keygen', ['-lf', at(`${name}.pub`)], { encoding: 'utf8' }).split(' ')[1]!,
  }
}

export interface GpgKeys {
  readonly home: string
  /** Makes a key for 'NAME <name@example.org>'; its fingerprint. `expires`: as gpg reads it, '0' never. */
  readonly make: (name: string, expires?: string, ...more: readonly string[]) => string
  readonly gpg: (...words: readonly string[]) => string
}

const homes: string[] = []

afterAll(() => {
  for (const home of homes.splice(0))
    spawnSync('gpgconf', ['--kill', 'all'], { env: { ...process.env, GNUPGHOME: home } })
})

export function gpgKeys(): GpgKeys {
  // The path of an agent's socket has room for a hundred characters.
  const home = temporaryDir()
  homes.push(home)
  const gpg = (...words: readonly string[]): string =>
    execFileSync('gpg', ['--batch', '--pinentry-mode', 'loopback', '--passphrase', '', ...words], {
      encoding: 'utf8',
      env: { ...process.env, GNUPGHOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  return {
    home,
    gpg,
    make(name, expires = '0', ...more) {
      gpg(...more, '--quick-generate-key', `${name} <${name}@example.org>`, 'ed25519', 'sign', expires)
      const listed = gpg('--list-keys', '--with-colons', `${name}@example.org`)
      return /^fpr:+([0-9A-F]{40}):/m.exec(listed)![1]!
    },
  }
}

// Tokens: 256 random bits that are shown once. Kept is their digest, a file a token, so that many processes can make and
// revoke them while the server runs; it looks at the file for every request, so a revoked token is refused at once.
//
//   varve_<id: 16 hex digits>_<secret: 43 letters of base64url>
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { VarveError } from '../../base/errors.ts'
import { randomHex } from '../../base/platform.ts'
import type { Principal, Scope } from '../interface.ts'
import { checkPattern } from './patterns.ts'
import { privateDir, readState, writeState } from '../state-files.ts'

const tokenPattern = /^varve_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/
const fileBytesMax = 64 << 10
const scopes: readonly string[] = ['read', 'write', 'admin']

export interface TokenInfo extends Principal {
  readonly createdMs: number
  /** null: never. */
  readonly expiresMs: number | null
  readonly revokedMs: number | null
}

interface KeptToken extends TokenInfo {
  /** Hex of the SHA-256 of the secret. */
  readonly digest: string
}

export interface NewToken {
  readonly name: string
  readonly scope: string
  readonly repositories?: string | undefined
  readonly branches?: string | undefined
  readonly checks?: string | undefined
  readonly expiresMs?: number | null
}

export class Tokens {
  readonly #dir: string

  /** `stateDir` is the server's folder. */
  constructor(stateDir: string) {
    this.#dir = privateDir(path.join(privateDir(stateDir), 'tokens'))
  }

  /** The token is in the answer and nowhere else. @throws VarveError VARVE_USAGE, VARVE_NOT_POSSIBLE */
  async create(wanted: NewToken, nowMs: number): Promise<{ token: string; info: TokenInfo }> {
    const name = checkName(wanted.name)
    if (this.list().some((known) => known.name === name && known.revokedMs === null)) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `there is a token '${name}' already`, {
        data: { name },
        hint: `revoke it with 'varve token revoke ${name}', or choose another name`,
      })
    }
    const secret = randomBytes(32).toString('base64url')
    const info: TokenInfo = {
      id: randomHex(8),
      name,
      scope: checkScope(wanted.scope),
      repositories: checkPattern(wanted.repositories ?? '*', 'repositories'),
      branches: checkPattern(wanted.branches ?? '*', 'branches'),
      checks: checkPattern(wanted.checks ?? '*', 'checks'),
      createdMs: nowMs,
      expiresMs: wanted.expiresMs ?? null,
      revokedMs: null,
    }
    await writeState(this.#file(info.id), { ...info, digest: digestOf(secret).toString('hex') })
    return { token: `varve_${info.id}_${secret}`, info }
  }

  /** All tokens by name, revoked ones too. */
  list(): TokenInfo[] {
    const ids = fs.readdirSync(this.#dir).flatMap((file) => /^([0-9a-f]{16})\.json$/.exec(file)?.[1] ?? [])
    const tokens = ids.map((id) => withoutDigest(this.#read(id)!))
    return tokens.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.createdMs - b.createdMs))
  }

  /** Revokes a token by its name or id. @throws VarveError VARVE_REF_NOT_FOUND */
  async revoke(nameOrId: string, nowMs: number): Promise<TokenInfo> {
    const found = this.list().find(
      (token) => token.revokedMs === null && (token.name === nameOrId || token.id === nameOrId),
    )
    if (found === undefined) {
      throw new VarveError('VARVE_REF_NOT_FOUND', `no token '${nameOrId}'`, {
        hint: "see 'varve token list'",
      })
    }
    const kept: KeptToken = { ...this.#read(found.id)!, revokedMs: nowMs }
    await writeState(this.#file(found.id), kept)
    return withoutDigest(kept)
  }

  /** Whose token this is; null for one that is wrong, expired or revoked. */
  find(token: string, nowMs: number): TokenInfo | null {
    const [, id, secret] = tokenPattern.exec(token) ?? []
    if (id === undefined || secret === undefined) return null
    const kept = this.#read(id)
    const digest = Buffer.from(kept?.digest ?? '0'.repeat(64), 'hex')
    const isRight = timingSafeEqual(digest, digestOf(secret))
    if (kept === null || !isRight || kept.revokedMs !== null) return null
    return kept.expiresMs !== null && kept.expiresMs <= nowMs ? null : withoutDigest(kept)
  }

  #file(id: string): string {
    return path.join(this.#dir, `${id}.json`)
  }

  #read(id: string): KeptToken | null {
    const file = this.#file(id)
    const kept = readState(file, fileBytesMax) as Partial<KeptToken> | null
    if (kept === null) return null
    const isWhole = kept.id === id && /^[0-9a-f]{64}$/.test(kept.digest ?? '') && scopes.includes(kept.scope!)
    if (!isWhole) throw new VarveError('VARVE_CORRUPT', `'${file}' is damaged`, { data: { path: file } })
    return kept as KeptToken
  }
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

function withoutDigest(kept: KeptToken): TokenInfo {
  const { digest, ...info } = kept
  void digest
  return info
}

function checkName(name: string): string {
  if (/^[\p{L}\p{N}][\p{L}\p{N}._@ -]{0,99}$/u.test(name)) return name
  throw new VarveError('VARVE_USAGE', `not a name for a token: ${JSON.stringify(name.slice(0, 100))}`, {
    hint: "say whose it is: 'varve token create --name ci --scope write'",
  })
}

function checkScope(scope: string): Scope {
  if (scopes.includes(scope)) return scope as Scope
  throw new VarveError('VARVE_USAGE', `'${scope}' is not a scope of tokens`, {
    hint: 'read, write (also push), or admin (also make repositories and protect branches)',
  })
}

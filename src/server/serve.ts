// The server for programs of one's own: `import { serve } from 'varve/server'`.
import path from 'node:path'
import { Server, type ServerOptions } from './server.ts'
import { type NewToken, type TokenInfo, Tokens } from './access/tokens.ts'

export type { Limits, LogLine, Scope } from './interface.ts'
export type { NewToken, TokenInfo }

export interface ServeOptions extends Omit<ServerOptions, 'version' | 'now'> {
  /** Default: one that is free. */
  readonly port?: number
  /** Default: '127.0.0.1'. */
  readonly host?: string
  /** Told in the OpenAPI document and to clients. Default: 'library'. */
  readonly version?: string
}

export interface RunningServer extends AsyncDisposable {
  /** 'http://127.0.0.1:8080'; a repository 'data' lies at that and '/data'. */
  readonly url: string
  readonly tokens: ServerTokens
  /** Takes no new requests, and lets those end that are under way. */
  close(): Promise<void>
}

/** As `varve token`: what they may is in docs/SERVER.md. */
export interface ServerTokens {
  /** The token is in the answer and nowhere else. @throws VarveError VARVE_USAGE, VARVE_NOT_POSSIBLE */
  create(wanted: NewToken): Promise<{ readonly token: string; readonly info: TokenInfo }>
  list(): TokenInfo[]
  /** Revokes a token by its name or id. @throws VarveError VARVE_REF_NOT_FOUND */
  revoke(token: string): Promise<TokenInfo>
}

/**
 * Serves repositories over HTTP until it is closed.
 *
 * @throws VarveError VARVE_NO_REPOSITORY, VARVE_USAGE, VARVE_REFUSED for plain HTTP to other machines, VARVE_IO
 * @example
 * await using serving = await serve({ dirs: ['/srv/data'], stateDir: '/var/lib/varve' })
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { port = 0, host, version = 'library', ...rest } = options
  const server = Server.create({ ...rest, version })
  const close = (): Promise<void> => server.close()
  let url: string
  try {
    url = await server.listen(port, host)
  } catch (error) {
    await close()
    throw error
  }
  const kept = new Tokens(path.resolve(options.stateDir))
  const tokens: ServerTokens = {
    create: (wanted) => kept.create(wanted, Date.now()),
    list: () => kept.list(),
    revoke: (token) => kept.revoke(token, Date.now()),
  }
  return { url, tokens, close, [Symbol.asyncDispose]: close }
}

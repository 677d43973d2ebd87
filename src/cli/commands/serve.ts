import fs from 'node:fs'
import path from 'node:path'
import { readFailure } from '../../base/system-error.ts'
import { usage } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'
import { stateDirOf } from '../server-state.ts'

const portDefault = 8420

export const command: Command = {
  usage: [
    'serve [--port N] [--host ADDRESS] [--anonymous read|write] [DIR...]',
    'serve --tls-cert FILE --tls-key FILE [--name NAME...] --host ADDRESS DIR...',
    'serve --stdio DIR',
  ],
  description:
    "Serves repositories over HTTP: fetch, push, a REST API to browse, query and compare tables (see\n/openapi.json), and pages for people: open the URL that it prints in a browser. DIR is a repository\nor a folder of repositories (default: the current folder). Requests need a token ('varve token')\nunless --anonymous allows them without one; a browser asks for it as a password. Other machines are\nserved only with TLS, or with --allow-plain-http.",
  options: {
    port: { type: 'text', short: 'p', value: 'N', about: `port (default ${portDefault}; 0: a free one)` },
    host: { type: 'text', value: 'ADDRESS', about: 'address to listen on (default 127.0.0.1)' },
    name: {
      type: 'list',
      value: 'NAME',
      about: 'host name by which clients may reach the server, besides addresses',
    },
    anonymous: {
      type: 'text',
      value: 'SCOPE',
      choices: ['read', 'write'],
      about: 'what is allowed without a token: read or write',
    },
    state: {
      type: 'text',
      value: 'FOLDER',
      about:
        'folder for tokens, uploads, checks, the audit log and tables that were asked about (default ~/.local/state/varve)',
    },
    'tls-cert': { type: 'text', value: 'FILE', about: 'certificate chain, PEM' },
    'tls-key': { type: 'text', value: 'FILE', about: 'its private key, PEM' },
    'allow-plain-http': {
      type: 'flag',
      about: 'serve other machines without TLS, for instance behind a proxy with TLS',
    },
    grace: {
      type: 'text',
      value: 'SECONDS',
      about: 'how long requests may continue when the server is stopped (default 10)',
    },
    stdio: { type: 'flag', about: 'serve one repository over standard input and output, as ssh remotes do' },
    create: { type: 'flag', about: 'with --stdio: make a repository if there is none' },
  },
  examples: [
    [
      'varve serve --anonymous read /srv/data',
      'let every program on this machine read; look at http://127.0.0.1:8420',
    ],
    ['varve token create --name ci --scope write --repo prices', 'let a program push'],
    [
      'varve serve --host 0.0.0.0 --name data.example.org --tls-cert cert.pem --tls-key key.pem /srv/data',
      'serve other machines',
    ],
  ],
  json: '{ url: string } when it listens; the log goes to standard error, a JSON document a line',
  patienceMs: 600_000,
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given } = context
  if (given.flag('stdio')) return runOverPipe(context)
  const [cert, key] = [given.text('tls-cert'), given.text('tls-key')]
  if ((cert === undefined) !== (key === undefined)) throw usage('--tls-cert and --tls-key belong together')
  const anonymous = given.text('anonymous')
  if (anonymous !== undefined && anonymous !== 'read' && anonymous !== 'write')
    throw usage("--anonymous is 'read' or 'write'")
  const port = given.number('port') ?? portDefault
  if (port > 65_535) throw usage(`'${port}' is not a port`)
  const { Server } = await import('../../server/server.ts')
  const server = Server.create({
    dirs: given.words.length === 0 ? ['.'] : given.words,
    stateDir: stateDirOf(context),
    anonymous,
    hosts: given.list('name'),
    tls: cert === undefined ? undefined : { cert: readPem(cert), key: readPem(key!) },
    allowPlainHttp: given.flag('allow-plain-http'),
    limits: { graceMs: (given.number('grace') ?? 10) * 1000 },
    version: context.version,
    log: logTo(context),
  })
  const url = await server.listen(port, given.text('host'))
  const isShut = anonymous === undefined && !(await hasToken(context))
  context.out.result({ url }, () => {
    context.out.say(`serving on ${url}`)
    if (isShut) context.out.say(shutOut)
  })
  await context.out.flush()
  await ended(context.operation.signal)
  await server.close()
  return 0
}

const shutOut =
  "nobody has a token yet: 'varve token create --name NAME --scope read' makes one; with --anonymous read none is needed"

async function hasToken(context: Context): Promise<boolean> {
  const { Tokens } = await import('../../server/access/tokens.ts')
  return new Tokens(stateDirOf(context)).list().some(({ revokedMs }) => revokedMs === null)
}

async function runOverPipe(context: Context): Promise<number> {
  const { arguments: given } = context
  given.expectWords(1, 1, 'DIR')
  const { serveOverPipe } = await import('../../server/pipe.ts')
  await serveOverPipe({
    dir: path.resolve(given.words[0]!),
    create: given.flag('create') ? 'missing' : 'never',
    stateDir: stateDirOf(context),
    version: context.version,
    input: process.stdin,
    output: process.stdout,
    signal: context.operation.signal,
  })
  return 0
}

function readPem(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (cause) {
    throw readFailure(cause, `cannot read '${file}'`, { path: file })
  }
}

function logTo({ arguments: given }: Context): (line: object) => void {
  if (given.flag('quiet')) return () => {}
  return (line) =>
    void process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), ...line })}\n`)
}

function ended(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((done) => {
    if (signal === undefined || signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })
}

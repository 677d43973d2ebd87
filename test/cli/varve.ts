// Runs the real command line (bin/varve.js over the bundle that `npm test` has built) as people's shells do.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import path from 'node:path'

export const root: string = path.join(import.meta.dirname, '../..')
export const varveFile: string = path.join(root, 'bin/varve.js')

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Uint8Array
}

export const identity: Readonly<Record<string, string>> = {
  VARVE_AUTHOR_NAME: 'Ada Lovelace',
  VARVE_AUTHOR_EMAIL: 'ada@example.org',
  VARVE_AUTHOR_DATE: '2026-11-23T09:00:00Z',
  VARVE_CONFIG: '/nonexistent/varve.json',
}

export async function varve(args: readonly string[], options: RunOptions): Promise<Finished> {
  const child = spawn(process.execPath, [varveFile, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], HOME: options.cwd, ...identity, ...options.env },
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code: code as number | null, stdout, stderr }
}

/** A command that must succeed; its standard output. */
export async function ok(args: readonly string[], options: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await varve(args, options)
  if (code !== 0) throw new Error(`varve ${args.join(' ')} exited with ${code}: ${stderr}`)
  return stdout
}

/** The JSON document of a command that must succeed. */
export async function json<T = Record<string, unknown>>(
  args: readonly string[],
  options: RunOptions,
): Promise<T> {
  return JSON.parse(await ok([...args, '--json'], options)) as T
}

// Secrets of a link: never in its URL, which is committed and shown, but in the caller's environment under the link's
// name, or in a file that the environment names.
import fs, { readFile } from 'node:fs/promises'
import path from 'node:path'
import { VarveError } from '../base/errors.ts'
import { readFailure } from '../base/system-error.ts'
import { syncDir } from '../store/disk/files.ts'
import type { SinkOptions } from './sink.ts'

const secretBytesMax = 64 << 10

/** Whose secrets, and where they are looked for. */
export type SecretPlace = Pick<SinkOptions, 'link' | 'environment'>

/** The variable that holds a link's secret: 'VARVE_LINK_SHOP_PASSWORD' for the link 'shop'. */
export function secretName(link: string, what: string): string {
  return `VARVE_LINK_${link.toUpperCase().replaceAll('-', '_')}_${what}`
}

/** null where none is given. @throws VarveError VARVE_REFUSED when its file cannot be read */
export async function linkSecret(
  { link, environment }: SecretPlace,
  what: string,
  bytesMax: number = secretBytesMax,
): Promise<string | null> {
  const name = secretName(link, what)
  const given = environment?.[name]
  if (given !== undefined && given !== '') return withoutLineEnd(given)
  const file = environment?.[`${name}_FILE`]
  if (file === undefined || file === '') return null
  try {
    const text = await readFile(file, 'utf8')
    if (text.length <= bytesMax) return withoutLineEnd(text)
  } catch (cause) {
    const { message, hint } = readFailure(cause, `cannot read the file that ${name}_FILE names`)
    throw new VarveError('VARVE_REFUSED', message, {
      cause,
      data: { link, name: `${name}_FILE` },
      hint: hint ?? `let ${name}_FILE name a file that holds it`,
    })
  }
  throw new VarveError('VARVE_REFUSED', `the file that ${name}_FILE names is too large for a secret`, {
    data: { link, name: `${name}_FILE` },
    hint: 'the file has to hold the secret alone',
  })
}

/** Puts another secret into the file that this one came from; where it came from the environment itself, nothing is done. */
export async function keepSecret(
  { link, environment }: SecretPlace,
  what: string,
  secret: string,
): Promise<void> {
  const name = secretName(link, what)
  const file = environment?.[`${name}_FILE`]
  if ((environment?.[name] ?? '') !== '' || file === undefined || file === '') return
  try {
    await replaceFile(file, `${secret}\n`)
  } catch (cause) {
    throw new VarveError('VARVE_REFUSED', `cannot put the new secret into the file that ${name}_FILE names`, {
      cause,
      data: { link, name: `${name}_FILE` },
      hint: 'its folder has to be one that may be written to: the old secret may be worth nothing now',
    })
  }
}

/** With its rights. Kept secrets are often links to where they are. */
async function replaceFile(name: string, text: string): Promise<void> {
  const file = await fs.realpath(name)
  const fresh = `${file}.${process.pid}.new`
  try {
    await fs.writeFile(fresh, text, { flag: 'wx', mode: (await fs.stat(file)).mode & 0o777, flush: true })
    await fs.rename(fresh, file)
    await syncDir(path.dirname(file))
  } catch (error) {
    await fs.rm(fresh, { force: true })
    throw error
  }
}

/** The last end of line is an editor's, or of whoever stored the secret; all else, spaces too, may be the secret's. */
function withoutLineEnd(text: string): string {
  return text.replace(/[\r\n]+$/, '')
}

// The names under which people are shown: .mailmap, and what the settings mailmap.blob and mailmap.file name, which count
// before it. As in Git, a file that is not there says nothing.
import fs from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { Mailmap } from '../../history/mailmap.ts'
import type { Repository } from '../../index.ts'
import { readUserConfig } from '../config/user-config.ts'
import type { Context } from '../interface.ts'

/** What is longer is none. */
const bytesMax = 256 << 10

export async function mailmapOf({ environment }: Context, repo: Repository): Promise<Mailmap> {
  const own = await repo.config()
  const users = await readUserConfig(environment)
  const blob = own.get('mailmap.blob') ?? users.get('mailmap.blob')
  const file = own.get('mailmap.file') ?? users.get('mailmap.file')
  const home = environment['HOME'] || homedir()
  const more =
    file === undefined ? null : smallText(path.resolve(repo.root ?? '.', file.replace(/^~(?=\/)/, home)))
  return repo.mailmap({ ...(blob === undefined ? {} : { blob }), ...(more === null ? {} : { more }) })
}

function smallText(file: string): string | null {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  return stat?.isFile() === true && stat.size <= bytesMax ? fs.readFileSync(file, 'utf8') : null
}

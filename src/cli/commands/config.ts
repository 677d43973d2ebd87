import { isVarveError } from '../../base/errors.ts'
import { usage } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'
import { oddSetting } from '../config/known-settings.ts'
import { readUserConfig, writeUserConfig } from '../config/user-config.ts'
import { ownSigningKeys, sharedSigningKeys } from '../signing/settings.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['config [--list] [--global]', 'config [--global] KEY [VALUE]', 'config [--global] --unset KEY'],
  description:
    "Reads and changes the repository's settings, or with --global your own settings for all\nrepositories. Without --global, KEY is looked up in your own settings too; outside of a\nrepository they are all there is. If KEY is not set, the\nexit code is 1. Settings of your own may be kept too; a warning tells of one that seems misspelt.\nuser.name and user.email sign your commits. core.editor and core.pager, the programs that write\nmessages and show long answers, can only be set with --global, and so can what says which programs\nsign and whose signatures are good (docs/SIGNING.md).\n\n`init` and `clone` test the file system (of a USB stick, for instance). If it has no executable bit,\ncore.fileMode is false, and files keep the bit that they have in history. If it has no symlinks,\ncore.symlinks is false, and a symlink becomes a small file that holds its target. If it does not\ndistinguish 'a' from 'A', core.ignoreCase is true, and a file has the name under which it is\ntracked.",
  options: {
    list: { type: 'flag', short: 'l', about: 'all settings (the default without KEY)' },
    global: { type: 'flag', about: 'your own settings: $VARVE_CONFIG, or ~/.config/varve/config.json' },
    unset: { type: 'flag', about: 'remove the setting' },
  },
  examples: [
    ['varve config --global user.name "Ada Lovelace"', 'set your name, once for all repositories'],
    ['varve config --global user.email ada@example.org', 'and your e-mail address'],
    ['varve config user.email', 'which address signs commits here'],
  ],
  json: '{ items: { key: string; value: string }[] }; KEY: { key: string; value: string | null }',
  run,
}

/** Those of the user's own settings that count in repositories. */
const ownKeys: ReadonlySet<string> = new Set([
  'user.name',
  'user.email',
  'core.editor',
  'core.pager',
  ...ownSigningKeys,
  ...sharedSigningKeys,
])

async function run(context: Context): Promise<number> {
  const { arguments: given, out } = context
  given.exclusive('list', 'unset')
  given.expectWords(0, 2, 'KEY')
  const [key, value] = given.words
  if (given.flag('unset') || value !== undefined) {
    if (key === undefined || (given.flag('unset') && value !== undefined))
      throw usage('--unset takes one KEY')
    await write(context, key, value ?? null)
    const odd = value === undefined ? null : oddSetting(key)
    if (odd !== null) out.warn(`${odd} (it is kept)`)
    out.result({ key, value: value ?? null }, () => {})
    return 0
  }
  const own = await readUserConfig(context.environment)
  const settings = given.flag('global') ? own : ((await ofRepository(context)) ?? own)
  if (key !== undefined && !given.flag('list')) {
    if (!key.includes('.'))
      throw usage(`'${key}' is not a key such as user.name`, "'varve config' lists what is set")
    const found = settings.get(key) ?? (ownKeys.has(key) ? own.get(key) : undefined) ?? null
    out.result({ key, value: found }, () => {
      if (found !== null) out.line(visible(found))
    })
    return found === null ? 1 : 0
  }
  const items = [...settings].map(([name, text]) => ({ key: name, value: text }))
  items.sort((a, b) => (a.key < b.key ? -1 : 1))
  out.result({ items }, () => {
    for (const item of items) out.line(`${visible(item.key)}=${visible(item.value)}`)
  })
  return 0
}

/** null outside of a repository, where your own settings are all there is. */
async function ofRepository({ repository }: Context): Promise<ReadonlyMap<string, string> | null> {
  try {
    return await (await repository()).config()
  } catch (error) {
    if (isVarveError(error, 'VARVE_NO_REPOSITORY')) return null
    throw error
  }
}

async function write(
  { arguments: given, environment, repository }: Context,
  key: string,
  value: string | null,
): Promise<void> {
  if (!given.flag('global')) return (await repository()).setConfig(key, value)
  if (!/^[a-z][a-z0-9-]*(\.[^\s=]+)?\.[a-zA-Z][a-zA-Z0-9-]*$/.test(key)) {
    throw usage(
      `'${key}' is not a configuration key`,
      'write it as SECTION.NAME: \'varve config user.name "Your Name"\'',
    )
  }
  return writeUserConfig(environment, key, value)
}

// Under which names the people of a log are shown: as commits have them, or as .mailmap says.
import type { CommitInfo, LogOptions } from '../../api/interface.ts'
import type { Mailmap } from '../../history/mailmap.ts'
import type { Context, OptionSpecs } from '../interface.ts'
import { mailmapOf } from './mailmap.ts'
import { readUserConfig } from '../config/user-config.ts'

export const mailmapOptions: OptionSpecs = {
  mailmap: {
    type: 'flag',
    aliases: ['use-mailmap'],
    about: 'show people as .mailmap says (the default, unless log.mailmap is false)',
  },
  'no-mailmap': { type: 'flag', aliases: ['no-use-mailmap'], about: 'show them as commits have them' },
}

export interface ShownPeople {
  /** For what asks for it by name (%aN), whatever else is shown. */
  readonly mailmap: Mailmap
  /** Whether people are shown by it. */
  readonly isMapped: boolean
  readonly shown: <C extends Pick<CommitInfo, 'author' | 'committer'>>(commit: C) => C
}

export async function shownPeople(context: Context): Promise<ShownPeople> {
  const { arguments: given, repository, environment } = context
  given.exclusive('mailmap', 'no-mailmap')
  const repo = await repository()
  const mailmap = await mailmapOf(context, repo)
  const isAsked = given.flag('mailmap') || given.flag('no-mailmap')
  const setting = async (): Promise<string | undefined> =>
    (await repo.config()).get('log.mailmap') ?? (await readUserConfig(environment)).get('log.mailmap')
  const isMapped = isAsked ? given.flag('mailmap') : (await setting()) !== 'false'
  return {
    mailmap,
    isMapped,
    shown: (commit) =>
      isMapped
        ? { ...commit, author: mailmap.of(commit.author), committer: mailmap.of(commit.committer) }
        : commit,
  }
}

/** For the options of a log: as Git, `--author` looks for the names that are shown. */
export function authorsLookedFor({ mailmap, isMapped }: ShownPeople): Pick<LogOptions, 'mailmap'> {
  return isMapped ? { mailmap } : {}
}

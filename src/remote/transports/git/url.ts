// URLs of data on a plain Git host: `git+https://`, `git+http://`, `git+ssh://` and `git+file://`, each Git's own URL
// behind 'git+'. What Git could take for an option or for a helper program never reaches it.
import { VarveError } from '../../../base/errors.ts'

export interface GitUrl {
  /** As people write it: for messages. */
  readonly shown: string
  /** As Git has it. */
  readonly url: string
  /** What Git may speak on the way, as GIT_ALLOW_PROTOCOL has it. */
  readonly protocols: string
}

const kinds = /^git\+(https?|ssh|file):\/\//i

/** @throws VarveError VARVE_USAGE */
export function readGitUrl(shown: string): GitUrl {
  const scheme = kinds.exec(shown)?.[1]?.toLowerCase()
  const rest = shown.replace(kinds, '')
  const host = rest.split('/')[0]!
  const name = host.slice(host.lastIndexOf('@') + 1)
  const isComplete = scheme === 'file' ? rest.startsWith('/') : /[^/]\/+[^/]/.test(rest)
  if (scheme === undefined || !isComplete || host.startsWith('-') || name.startsWith('-')) {
    throw new VarveError('VARVE_USAGE', `'${shown}' is not the URL of a Git repository`, {
      data: { url: shown },
      hint: "write it as 'git+https://HOST/PATH', 'git+ssh://USER@HOST/PATH' or 'git+file:///PATH'",
    })
  }
  // The user's own Git settings may rewrite one of the network's protocols to another, but never to a local one.
  return {
    shown,
    url: `${scheme}://${rest}`,
    protocols: scheme === 'file' ? 'file' : 'http:https:ssh',
  }
}

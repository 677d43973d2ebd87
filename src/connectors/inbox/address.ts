// inbox:///srv/varve/crm.inbox : the whole path of the file in which webhooks wait.
import { fileURLToPath } from 'node:url'
import { VarveError } from '../../base/errors.ts'

export function isInboxUrl(url: string): boolean {
  return url.startsWith('inbox:')
}

/** @throws VarveError VARVE_USAGE */
export function inboxPath(url: string): string {
  try {
    if (/^inbox:\/\/\/[^?#]*[^/?#]$/.test(url)) return fileURLToPath(url.replace(/^inbox:/, 'file:'))
  } catch {
    // Said below.
  }
  throw new VarveError('VARVE_USAGE', `not the URL of an inbox: '${url}'`, {
    data: { url },
    hint: 'it has the whole path of a file: inbox:///srv/varve/crm.inbox',
  })
}

// `varve sync --listen`: signed webhooks start rounds.
import { VarveError } from '../../base/errors.ts'
import { linkSecret, secretName } from '../../connectors/link-secret.ts'
import type { Inbox } from '../../connectors/webhook/inbox.ts'
import type { Link } from '../../index.ts'
import { usage } from '../arguments.ts'
import type { Context } from '../interface.ts'

/** null without --listen. Every link needs a secret of its own. */
export async function openListener(context: Context, links: readonly Link[]): Promise<Inbox | null> {
  const { arguments: given, environment, out } = context
  const text = given.text('listen')
  if (text === undefined) return null
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535)
    throw usage(`'--listen' needs a port, or an address and a port, not '${text}'`)
  const { readSecrets } = await import('../../connectors/webhook/sign.ts')
  const secrets = new Map<string, Buffer[]>()
  for (const { name: link } of links) {
    const name = secretName(link, 'SECRET')
    const secret = await linkSecret({ link, environment }, 'SECRET')
    if (secret === null) {
      throw new VarveError('VARVE_REFUSED', `there is no secret that hooks for '${link}' are signed with`, {
        data: { link, variable: name },
        hint: `give it ('whsec_…', the sender has the same) in the environment as ${name}, or its file as ${name}_FILE`,
      })
    }
    secrets.set(link, readSecrets(secret, name))
  }
  const { openInbox } = await import('../../connectors/webhook/inbox.ts')
  const inbox = await openInbox({ host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }, secrets)
  out.hint(`hooks go to ${links.map(({ name }) => `${inbox.url}/${name}`).join(', ')}`)
  await out.flush()
  return inbox
}

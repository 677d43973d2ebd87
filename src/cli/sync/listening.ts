// `varve sync --listen`: signed webhooks start rounds, and those of an inbox are kept first.
import { bareHost } from '../../base/bare-host.ts'
import type { InboxFile } from '../../connectors/inbox/file.ts'
import { inboxPath, isInboxUrl } from '../../connectors/inbox/address.ts'
import { VarveError } from '../../base/errors.ts'
import { linkSecret, secretName } from '../../connectors/link-secret.ts'
import type { Receiver, WebhookLink } from '../../connectors/webhook/receiver.ts'
import type { Link } from '../../index.ts'
import { usage } from '../arguments.ts'
import { visible } from '../visible.ts'
import type { Context } from '../interface.ts'

/** Opens a listener for webhooks; null without --listen. Every link needs a secret of its own. */
export async function openListener(context: Context, links: readonly Link[]): Promise<Receiver | null> {
  const { arguments: given, out } = context
  const text = given.text('listen')
  if (text === undefined) return null
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535)
    throw usage(`'--listen' needs a port, or an address and a port, not '${text}'`)
  const { openReceiver } = await import('../../connectors/webhook/receiver.ts')
  const receiving = new Map<string, WebhookLink>()
  const files: InboxFile[] = []
  const closeFiles = (): void => files.forEach((file) => file.close())
  try {
    for (const link of links) {
      const secrets = await secretsOf(context, link)
      const file = isInboxUrl(link.endpoint) ? await openFile(link) : null
      if (file !== null) files.push(file)
      const onFault = once((fault) =>
        out.warn(`a webhook for '${link.name}' was sent away: ${visible(fault)}`),
      )
      const inbox =
        file === null ? {} : { inbox: { tables: link.tables, take: file.take.bind(file), onFault } }
      receiving.set(link.name, { secrets, signature: link.signature, ...inbox })
    }
    const address = { host: bareHost(host), port: Number(port) }
    const receiver = await openReceiver(address, receiving)
    out.hint(`webhooks go to ${links.map(({ name }) => `${receiver.url}/${name}`).join(', ')}`)
    await out.flush()
    return { ...receiver, close: () => receiver.close().finally(closeFiles) }
  } catch (error) {
    closeFiles()
    throw error
  }
}

/** Tells what is the matter, and again only when it is something else: senders try again and again. */
function once(tell: (fault: string) => void): (error: unknown) => void {
  let told = ''
  return (error) => {
    const fault = error instanceof Error ? error.message : String(error)
    if (fault !== told) tell(fault)
    told = fault
  }
}

async function secretsOf(
  { environment }: Context,
  { name: link, signature = 'standard' }: Link,
): Promise<readonly Buffer[]> {
  const { schemes } = await import('../../connectors/webhook/schemes.ts')
  const name = secretName(link, 'SECRET')
  const secret = await linkSecret({ link, environment }, 'SECRET')
  if (secret !== null) return schemes[signature].readSecrets(secret, name)
  throw new VarveError('VARVE_REFUSED', `there is no secret to check the webhooks for '${link}' with`, {
    data: { link, variable: name },
    hint: `give it (the sender has the same) in the environment as ${name}, or its file as ${name}_FILE`,
  })
}

async function openFile({ endpoint }: Link): Promise<InboxFile> {
  const { InboxFile: file } = await import('../../connectors/inbox/file.ts')
  return file.open(inboxPath(endpoint))
}

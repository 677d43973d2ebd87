// A link's URL of Kafka's protocol: kafka://USER@HOST:PORT,HOST:PORT/TOPIC?sasl=plain&tombstones=yes. It names several
// brokers at once, so it is no URL of the standard: its hosts are read one by one.
import { bareHost } from '../../base/bare-host.ts'
import { VarveError } from '../../base/errors.ts'

export type SaslMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

export interface KafkaAddress {
  /** For messages. */
  readonly location: string
  readonly isTls: boolean
  readonly user: string | null
  /** Any of them names the others. */
  readonly brokers: readonly { readonly host: string; readonly port: number }[]
  readonly topic: string
  readonly sasl: SaslMechanism
  /** Whether a row that is gone leaves nothing behind in a topic that is compacted. */
  readonly hasTombstones: boolean
}

const portDefault = 9092
const shape = /^(kafkas?):\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^/?#]*))?(?:\?([^#]*))?$/i
const topicName = /^(?!\.{1,2}$)[\w.-]{1,249}$/
const mechanisms: readonly SaslMechanism[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']

/** The topic is the link's name unless it is given. @throws VarveError VARVE_USAGE */
export function kafkaAddress(url: string, link: string): KafkaAddress {
  const [, scheme, user, hosts, path, query] = shape.exec(url) ?? []
  if (scheme === undefined || hosts === undefined) throw wrong(url, 'it is not kafka://HOST:PORT/TOPIC')
  const topic = path === undefined || path === '' ? link : path
  if (!topicName.test(topic)) throw wrong(url, `'${topic}' is not a valid name of a topic`)
  const settings = new URLSearchParams(query)
  for (const name of settings.keys())
    if (name !== 'sasl' && name !== 'tombstones') throw wrong(url, `it has no setting '${name}'`)
  const isTls = scheme.toLowerCase() === 'kafkas'
  const brokers = hosts.split(',').map((host) => brokerOf(url, host))
  return {
    location: `${scheme.toLowerCase()}://${brokers.map(({ host, port }) => `${host}:${port}`).join(',')}/${topic}`,
    isTls,
    user: userOf(url, user),
    brokers,
    topic,
    sasl: mechanismOf(url, settings.get('sasl')),
    hasTombstones: isYes(url, settings.get('tombstones')),
  }
}

function brokerOf(url: string, text: string): { host: string; port: number } {
  const target = URL.canParse(`kafka://${text}`) ? new URL(`kafka://${text}`) : null
  if (target === null || target.hostname === '') throw wrong(url, `'${text}' is not a broker`)
  // Brackets are the URL's, not the address's.
  const host = bareHost(target.hostname)
  return { host, port: target.port === '' ? portDefault : Number(target.port) }
}

/** Unless the URL says otherwise, the password is never sent, on an encrypted connection either. */
function mechanismOf(url: string, given: string | null): SaslMechanism {
  if (given === null) return 'SCRAM-SHA-512'
  const found = mechanisms.find((one) => one === given.toUpperCase())
  if (found === undefined) throw wrong(url, `'sasl' is one of ${mechanisms.join(', ').toLowerCase()}`)
  return found
}

function isYes(url: string, given: string | null): boolean {
  if (given === null || given === 'no') return false
  if (given === 'yes') return true
  throw wrong(url, "'tombstones' is yes or no")
}

function wrong(url: string, why: string): VarveError {
  return new VarveError('VARVE_USAGE', `not an endpoint of Kafka: '${url}'`, { data: { url }, hint: why })
}

function userOf(url: string, user: string | undefined): string | null {
  if (user === undefined || user === '') return null
  try {
    return decodeURIComponent(user)
  } catch {
    throw wrong(url, `'${user}' is not a valid user: a % has to be followed by two hex digits`)
  }
}

// What a broker of AMQP says when it does not take a message, as errors of Varve.
import { VarveError } from '../../base/errors.ts'
import { messageOf, refused, unreachable } from '../sink-failure.ts'

/** `passwordName` is where the password is looked for, while the broker is asked to let us in. */
export function amqpFailure(
  { location, exchange }: { readonly location: string; readonly exchange: string },
  error: unknown,
  passwordName?: string,
): unknown {
  if (error instanceof VarveError) return error
  const words = messageOf(error)
  if (/NOT_FOUND - no exchange/.test(words)) return noExchange(location, exchange)
  // The broker's reason is lost in the driver, which has asked for nothing but the vhost.
  if (/Expected ConnectionOpenOk; got <?ConnectionClose/.test(words))
    return refused(
      location,
      new Error('its vhost is not there, takes no more connections, or is not for this user', {
        cause: error,
      }),
      'the path of the URL names the vhost: let the user use it, rabbitmqctl set_permissions -p VHOST USER …',
    )
  if (/ACCESS[-_]REFUSED|NOT[-_]ALLOWED/.test(words)) {
    const hint =
      passwordName === undefined
        ? `let the user write to the exchange: rabbitmqctl set_permissions -p VHOST USER '' '${exchange}' '${exchange}'`
        : `give the password in the environment as ${passwordName}`
    return refused(location, error, hint)
  }
  // Reply codes of the protocol; 320 and 541 are a broker that ends. A refused login is told in words only.
  const { code } = error as { code?: unknown }
  const isAnswer =
    (typeof code === 'number' && code >= 311 && code < 541 && code !== 320) || code === 'ERR_AUTH'
  return isAnswer ? refused(location, error) : unreachable(location, error)
}

/** What a message may weigh, where the broker says that one was heavier; else null. */
export function messageBytesMaxIn(error: unknown): number | null {
  const [, max] = /message size \d+ is larger than configured max size (\d+)/.exec(messageOf(error)) ?? []
  return max === undefined ? null : Number(max)
}

/** A broker that is short of memory or disk lets nobody publish until it has some again. */
export function amqpBlocked(location: string, reason: string, cause: unknown): VarveError {
  return new VarveError('VARVE_REFUSED', `'${location}' takes no messages now: ${reason}`, {
    cause,
    data: { endpoint: location, passing: true },
    hint: 'free memory or disk there (rabbitmqctl status shows its alarms), and run the command again: it goes on where it stopped',
  })
}

export function noQueue(location: string, exchange: string, key: string): VarveError {
  return new VarveError(
    'VARVE_REFUSED',
    `no queue of '${location}' takes '${key}' from exchange '${exchange}'`,
    {
      data: { endpoint: location, exchange, key },
      hint: 'bind a queue to the exchange that does, and run the command again',
    },
  )
}

function noExchange(location: string, exchange: string): VarveError {
  return new VarveError('VARVE_REFUSED', `there is no exchange '${exchange}' at '${location}'`, {
    data: { endpoint: location, exchange },
    hint: `make it, and bind queues to it: rabbitmqadmin declare exchange name='${exchange}' type=topic`,
  })
}

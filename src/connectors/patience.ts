// How long a server that takes a connection, and then says nothing, is waited for; and what is said of it.
import { VarveError, isVarveError } from '../base/errors.ts'
import { secretName } from './link-secret.ts'
import { type OnWait, tellingWait } from '../base/telling-wait.ts'

/** Of a database or a broker. */
export const connectMsMax = 15_000
/** Of Redis: its driver has one limit for every answer, and a large transaction takes its time. */
export const redisMsMax = 60_000

/**
 * After so long without a byte the system asks whether the other end is still there, ten times. A server that is at work is,
 * however long it takes; where the network is gone the connection fails, instead of being waited for without end.
 */
export const probeMs = 60_000

/** What a kind of system says of it. */
export interface Patience {
  /** How long `open` waits for a server that says nothing, in ms. */
  readonly openMsMax?: number
}

/** Hears how far it is what takes its time. */
export type OnProgress = (progress: {
  phase: string
  done: number
  total: number
  unit: 'rows' | 'bytes'
}) => void

export interface WaitOptions {
  /** Called when a system lets itself be waited for. */
  readonly onWait?: OnWait | undefined
}

interface Opening<T> extends WaitOptions {
  /** Under whose name secrets are looked for. */
  readonly link: string | undefined
  readonly url: string
  readonly open: () => Promise<T>
  /** How long the driver waits. */
  readonly msMax: number | undefined
}

/** Opens a system; one that lets the driver's time run out has been waited for, and is not asked again at once. */
export async function openPatiently<T>({ url, link, open, msMax, onWait }: Opening<T>): Promise<T> {
  const began = performance.now()
  try {
    return await tellingWait(open, { location: url, msMax: msMax ?? null }, onWait)
  } catch (error) {
    if (msMax === undefined || performance.now() - began < msMax) throw namingLink(error, link)
    if (!isVarveError(error, 'VARVE_UNREACHABLE')) throw error
    const { data, hint } = error
    throw new VarveError(error.code, `cannot reach '${url}': no answer in ${msMax / 1000} s`, {
      data: { ...data, isSilent: true },
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    })
  }
}

/** Where a hint says how variables of a link are called in general, it shall say how this one's are. */
export function namingLink(error: unknown, link: string | undefined): unknown {
  const general = secretName('name', '')
  if (link === undefined || !isVarveError(error) || error.hint?.includes(general) !== true) return error
  const { code, message, data, hint, cause } = error
  return new VarveError(code, message, {
    data,
    hint: hint!.replaceAll(general, secretName(link, '')),
    cause,
  })
}

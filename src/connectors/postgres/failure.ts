// What PostgreSQL and the line to it say when they fail, as errors of the house: who refuses, what is not reached, and
// what to do. Anything that is not theirs passes through.
import { VarveError } from '../../base/errors.ts'

const sqlState = /^[0-9A-Z]{5}$/

/** Runs `work`, and says what fails in it as an error of the house. */
export async function asked<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw endpointError(where, error)
  }
}

/** `where` is the endpoint, without secrets. */
export function endpointError(where: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof VarveError) return error
  const { code } = error as { code?: unknown }
  const facts = { data: { endpoint: where, ...(typeof code === 'string' ? { code } : {}) }, cause: error }
  if (typeof code !== 'string' || !sqlState.test(code)) {
    const isLine = typeof code === 'string' || /connection|timeout|not queryable/i.test(error.message)
    return isLine ? unreachable(where, error.message || String(code), facts) : error
  }
  if (/^(08|57P)/.test(code)) return unreachable(where, error.message, facts)
  if (/^(28|3D)/.test(code)) {
    return new VarveError('VARVE_REFUSED', `'${where}' refuses access: ${error.message}`, {
      ...facts,
      hint: 'give the password in PGPASSWORD or a .pgpass file, never in the URL',
    })
  }
  if (code === '42501') {
    return new VarveError('VARVE_REFUSED', `'${where}' does not allow it: ${error.message}`, {
      ...facts,
      hint: 'the user needs to read the linked tables, and to write, the tables and one of its own, varve_sync',
    })
  }
  if (code === '53100') {
    return new VarveError('VARVE_DISK_FULL', `no space left at '${where}': ${error.message}`, {
      ...facts,
      hint: 'nothing was written there; free some space and run the command again',
    })
  }
  return new VarveError('VARVE_NOT_POSSIBLE', `'${where}' says: ${error.message}`, {
    ...facts,
    hint: 'nothing was written there',
  })
}

function unreachable(where: string, why: string, facts: object): VarveError {
  return new VarveError('VARVE_UNREACHABLE', `cannot reach '${where}': ${why}`, {
    ...facts,
    hint: 'check that the server runs and can be reached from here, and run the command again',
  })
}

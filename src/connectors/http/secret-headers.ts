// What shows an API who asks: a token or a header of the environment's, or an access token that is asked for. Such a secret
// goes to one origin, and never over a line that others can read.
import { VarveError } from '../../base/errors.ts'
import type { Headers } from '../../http/client.ts'
import type { HttpTable } from '../../dataset/interface.ts'
import type { ConnectorOptions } from '../interface.ts'
import { linkSecret, secretName } from '../link-secret.ts'

const tokenShape = /^[!-~]+$/

export function isToken(text: string): boolean {
  return tokenShape.test(text)
}

interface Given extends Pick<ConnectorOptions, 'environment' | 'auth' | 'http'> {
  readonly link: string
}

/** Without the access token. @throws VarveError VARVE_REFUSED, VARVE_USAGE */
export async function secretHeaders(options: Given, base: URL): Promise<Headers> {
  const { link, auth, http = [] } = options
  const token = await linkSecret(options, 'TOKEN')
  if (token !== null && !isToken(token)) {
    throw new VarveError('VARVE_REFUSED', `${secretName(link, 'TOKEN')} is not a token`, {
      hint: 'a token has no spaces, line ends or letters beyond ASCII; check what was copied',
    })
  }
  const header = await linkSecret(options, 'HEADER')
  const [, name, value] = /^([\w-]+): *([!-~][\t -~]*)$/.exec(header ?? '') ?? []
  if (header !== null && (name === undefined || value === undefined)) {
    throw new VarveError('VARVE_REFUSED', `${secretName(link, 'HEADER')} is not a header`, {
      hint: "write it as 'NAME: VALUE', in one line of ASCII",
    })
  }
  const field = name?.toLowerCase()
  if ((token !== null || field === 'authorization') && auth !== undefined)
    throw twice(link, token === null ? 'HEADER' : 'TOKEN', "the link's 'auth'")
  if (token !== null && field === 'authorization') throw twice(link, 'TOKEN', secretName(link, 'HEADER'))
  if (field !== undefined) refuseDeclared(field, http, link)
  if ((token ?? header) !== null || auth !== undefined) refuseOpenLine(base)
  return {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(field === undefined ? {} : { [field]: value! }),
  }
}

/** Of two fields of one name an API may take either. */
function refuseDeclared(field: string, http: readonly HttpTable[], link: string): void {
  const table = http.find(({ headers = {} }) => headers[field] !== undefined)?.table
  if (table === undefined) return
  throw new VarveError('VARVE_USAGE', `'${table}' declares the header '${field}', which is the secret one`, {
    data: { table, header: field },
    hint: `take it out of 'headers' in varve.yaml: its value is what ${secretName(link, 'HEADER')} has`,
  })
}

function twice(link: string, what: string, other: string): VarveError {
  return new VarveError(
    'VARVE_USAGE',
    `${secretName(link, what)} and ${other} both say what 'Authorization' is`,
    {
      data: { link },
      hint: 'leave one of them out',
    },
  )
}

export function refuseOpenLine(to: URL): void {
  if (to.protocol === 'https:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(to.hostname)) return
  throw new VarveError('VARVE_REFUSED', `the secret would travel to '${to.origin}' for all to read`, {
    hint: 'use https://, or take the secret away',
  })
}

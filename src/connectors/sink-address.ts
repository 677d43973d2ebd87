// The URL of a sink, with no settings but those that its kind knows: one that is misspelt would be silently something else.
import { VarveError } from '../base/errors.ts'
import { endpointUrl } from './endpoint-url.ts'

/** Reads a sink's URL; `shape` shows what such a URL looks like. @throws VarveError VARVE_USAGE */
export function sinkAddress(url: string, shape: string, settings: readonly string[]): URL {
  const target = endpointUrl(url, shape)
  if (target.hostname === '') throw wrongSinkUrl(url, 'it names no host')
  if (url.includes('#')) throw wrongSinkUrl(url, `'#' begins a part that nobody reads: write it as %23`)
  for (const name of target.searchParams.keys()) {
    if (settings.includes(name)) continue
    const known =
      settings.length === 0 ? 'it has none' : `it has ${settings.map((one) => `'${one}'`).join(', ')}`
    throw wrongSinkUrl(url, `there is no setting '${name}': ${known}`)
  }
  return target
}

/** The URL's path as a name without these signs; the link's where there is none. @throws VarveError VARVE_USAGE */
export function pathName({ href, pathname }: URL, link: string, signs: RegExp): string {
  const name = decodeURIComponent(pathname.replace(/^\//, '')) || link
  if (signs.test(name)) throw wrongSinkUrl(href, `nothing can be sent to '${name}': it is a pattern`)
  return name
}

export function wrongSinkUrl(url: string, why: string): VarveError {
  return new VarveError('VARVE_USAGE', `not an endpoint that rows can be sent to: '${url}'`, {
    data: { url },
    hint: why,
  })
}

// The URL of an endpoint, read as the standard reads URLs.
import { VarveError } from '../base/errors.ts'

/**
 * `shape` is what such a URL looks like.
 * @throws VarveError VARVE_USAGE when it cannot be read: a port that is none, a % that stands for no byte of a text
 */
export function endpointUrl(text: string, shape: string): URL {
  try {
    const url = new URL(text)
    for (const part of [url.username, url.pathname]) decodeURIComponent(part)
    return url
  } catch (cause) {
    throw new VarveError('VARVE_USAGE', `not a URL that can be read: '${text}'`, {
      data: { url: text },
      cause,
      hint: `it looks like ${shape}; a port is a number up to 65535, and other characters than letters and digits are written as in 'my%20shop'`,
    })
  }
}

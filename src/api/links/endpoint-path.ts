// Endpoints that are files of this machine. varve.yaml names one in the dataset's folder by its path from there, so that a
// clone elsewhere finds its own; any other is named by its whole path.
import { pathToFileURL } from 'node:url'

const fromFolder = /^(folder|sqlite|inbox):(\.{1,2}(?:[/?].*)?)$/
const whole = /^(folder|sqlite|inbox):(?:\/\/)?(\/[^?]*)(\?.*)?$/

/** `folder:./drop` as folder:///data/drop where `root` is /data; any other endpoint, and without a folder each, as it is. */
export function resolvedEndpoint(endpoint: string, root: string | null): string {
  const [, scheme, place] = fromFolder.exec(endpoint) ?? []
  if (root === null || scheme === undefined || place === undefined) return endpoint
  return new URL(place, urlOf(root)).href.replace(/^file:/, `${scheme}:`)
}

/** The opposite, as it stands in varve.yaml; an endpoint outside `root` as it is. */
export function portableEndpoint(endpoint: string, root: string): string {
  const [, scheme, place, query = ''] = whole.exec(endpoint) ?? []
  if (scheme === undefined || place === undefined) return endpoint
  const { pathname } = urlOf(root)
  if (`${place}/` === pathname) return `${scheme}:.${query}`
  return place.startsWith(pathname) ? `${scheme}:./${place.slice(pathname.length)}${query}` : endpoint
}

function urlOf(root: string): URL {
  return pathToFileURL(root.endsWith('/') ? root : `${root}/`)
}

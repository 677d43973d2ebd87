// The certificates that are trusted where nobody names others. Whoever trusts one beside them has to name them all.
import fs from 'node:fs'
import tls from 'node:tls'

/** Node's own, those of the system if Node was told to take them, and those that NODE_EXTRA_CA_CERTS names. */
export function usualCertificates(
  environment: Readonly<Record<string, string | undefined>> = {},
): readonly string[] {
  // From Node 22.15 on.
  const { getCACertificates } = tls as { readonly getCACertificates?: (kind: 'default') => string[] }
  const usual = getCACertificates?.('default') ?? tls.rootCertificates
  const file = environment['NODE_EXTRA_CA_CERTS'] ?? ''
  return file === '' ? usual : [...usual, ...contentOf(file)]
}

/** Nothing where it cannot be read, which Node itself warns of. */
function contentOf(file: string): readonly string[] {
  try {
    return [fs.readFileSync(file, 'utf8')]
  } catch {
    return []
  }
}

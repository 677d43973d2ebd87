// A certificate authority of one's own, made by openssl, and what it vouches for: servers under names, clients, and what has
// expired. Where there is no openssl tests say so in their names (certificate.ts).
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { CertificateFiles } from './certificate.ts'
import { temporaryDir } from './temporary.ts'

export interface Authority {
  readonly ca: string
  issue(certificate: {
    readonly subject: string
    /** As X.509 has them: 'DNS:localhost,IP:127.0.0.1'. */
    readonly names?: string
    readonly hasExpired?: true
  }): CertificateFiles
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

export function makeAuthority(name = 'our own'): Authority {
  const dir = temporaryDir()
  // Servers read their files as users of their own.
  fs.chmodSync(dir, 0o755)
  const at = (file: string): string => path.join(dir, file)
  const openssl = (...words: string[]): void => void execFileSync('openssl', words, { stdio: 'ignore' })
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
  )
  let count = 0
  return {
    ca: at('ca.pem'),
    issue({ subject, names, hasExpired }) {
      const [key, request, certificate] = ['key', 'csr', 'pem'].map((kind) => at(`${++count}.${kind}`))
      const more = names === undefined ? [] : ['-addext', `subjectAltName=${names}`]
      openssl('req', ...newKey, '-subj', `/CN=${subject}`, ...more, '-keyout', key!, '-out', request!)
      const by = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-copy_extensions', 'copy']
      openssl(
        'x509',
        '-req',
        '-in',
        request!,
        ...by,
        '-days',
        hasExpired === true ? '-1' : '2',
        '-out',
        certificate!,
      )
      fs.chmodSync(key!, 0o644)
      return { certificate: certificate!, key: key! }
    },
  }
}

// A certificate of one's own for a server on loopback. Where there is no openssl to make it, tests say so in their names.
import { execFileSync, spawnSync } from 'node:child_process'
import path from 'node:path'

export const hasOpenssl: boolean = spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0
export const withoutOpenssl: string = hasOpenssl ? '' : ' (skipped: no openssl to make a certificate)'

export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

/** `names` as X.509 has them: 'DNS:localhost,IP:127.0.0.1'. */
export function makeCertificate(dir: string, names: string): CertificateFiles {
  const [certificate, key] = [path.join(dir, 'cert.pem'), path.join(dir, 'key.pem')]
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=test']
  const files = ['-keyout', key, '-out', certificate, '-addext', `subjectAltName=${names}`]
  execFileSync('openssl', [...words, ...files], { stdio: 'ignore' })
  return { certificate, key }
}

// CSV, TSV and JSON Lines objects under a prefix of an S3 bucket as an endpoint. The same URL as a remote's is another thing:
// there a repository lies under it, here tables do.
import { parseS3Url } from '../../http/s3/address.ts'
import { S3Client } from '../../http/s3/client.ts'
import { type S3Settings, findSettings } from '../../http/s3/settings.ts'
import { FilesConnector } from '../files/connector.ts'
import type { Connector, ConnectorOptions } from '../interface.ts'
import { linkAdvice } from '../tls/advice.ts'
import { alertOr, tlsPlace } from '../tls/alert.ts'
import { type LinkTls, contradiction, linkTls } from '../tls/link-tls.ts'
import { S3FilePlace } from './place.ts'

export async function openS3Objects(url: string, options: ConnectorOptions): Promise<Connector> {
  const { files, environment = {}, onWait, onProgress } = options
  const address = parseS3Url(url)
  const settings = findSettings(environment)
  const tls = await tlsTo(settings, options)
  const client = new S3Client(address, settings, {
    onWait,
    ...(tls === null ? {} : { tls: { ...tls } }),
    advice: { ...linkAdvice, trust: `${linkAdvice.trust}, and so does AWS_CA_BUNDLE` },
    whyCut: (error, store) => alertOr(error, tlsPlace(store, 443, tls)),
  })
  return new FilesConnector(new S3FilePlace(client), files, onProgress)
}

/** What AWS's settings say of certificates counts where the link says nothing. */
async function tlsTo({ endpoint }: S3Settings, options: ConnectorOptions): Promise<LinkTls | null> {
  const given = await linkTls(options)
  if (endpoint?.protocol !== 'http:') return given ?? { rejectUnauthorized: true }
  if (given === null) return null
  throw contradiction(
    options,
    `'${endpoint.origin}' is reached without TLS`,
    "let AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL begin with 'https://'",
  )
}

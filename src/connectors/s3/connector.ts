// CSV, TSV and JSON Lines objects under a prefix of an S3 bucket as an endpoint. The same URL as a remote's is another thing:
// there a repository lies under it, here tables do.
import { parseS3Url } from '../../http/s3/address.ts'
import { S3Client } from '../../http/s3/client.ts'
import { findSettings } from '../../http/s3/settings.ts'
import { FilesConnector } from '../files/connector.ts'
import type { Connector, ConnectorOptions } from '../interface.ts'
import { S3FilePlace } from './place.ts'

export function openS3Objects(
  url: string,
  { files, environment = {}, onWait, onProgress }: ConnectorOptions,
): Promise<Connector> {
  const client = new S3Client(parseS3Url(url), findSettings(environment), onWait)
  return Promise.resolve(new FilesConnector(new S3FilePlace(client), files, onProgress))
}

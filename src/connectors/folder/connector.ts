// A folder of CSV, TSV and JSON Lines files as an endpoint.
import { FilesConnector } from '../files/connector.ts'
import type { Connector, ConnectorOptions } from '../interface.ts'
import { folderAddress } from './address.ts'
import { FolderPlace } from './place.ts'

export async function openFolder(url: string, { files, onProgress }: ConnectorOptions): Promise<Connector> {
  return new FilesConnector(await FolderPlace.open(folderAddress(url)), files, onProgress)
}

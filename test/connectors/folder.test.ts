// A folder of CSV files keeps the contracts of connectors and links, while another program writes to it.
import { connectorContract } from '../contract/connector.ts'
import { linkContract } from '../contract/links.ts'
import { folderFixture } from './folder-fixture.ts'

connectorContract(folderFixture)
linkContract(folderFixture)

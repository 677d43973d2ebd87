// SQLite in WAL mode, and with change tables, keeps the contracts of connectors and links, while another process writes.
import { connectorContract } from '../../src/contract/connector.ts'
import { linkMasksContract } from '../../src/contract/link-masks.ts'
import { linkContract } from '../../src/contract/links.ts'
import { sqliteFixture } from './sqlite-fixture.ts'

const fixture = sqliteFixture('WAL', ['one moment over all tables'])
connectorContract(fixture)
linkContract(fixture)
linkMasksContract(fixture)
linkContract(fixture, { changes: 'log' })
linkMasksContract(fixture, { changes: 'log' })

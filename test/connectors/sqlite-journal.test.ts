// SQLite with a rollback journal keeps the contract of connectors: writers wait for readers, and every commit for the disk.
// Rounds that are killed leave a whole file, in either mode.
import { connectorContract } from '../../src/contract/connector.ts'
import { killedRoundsContract } from '../../src/contract/killed-rounds.ts'
import { linkFaultsContract } from '../../src/contract/link-faults.ts'
import { sqliteFixture } from './sqlite-fixture.ts'

const fixture = sqliteFixture('DELETE', [])
const wal = sqliteFixture('WAL', [])

connectorContract(fixture)
killedRoundsContract(fixture)
killedRoundsContract(wal, { changes: 'log' })
linkFaultsContract(fixture)
linkFaultsContract(wal, { changes: 'log' })

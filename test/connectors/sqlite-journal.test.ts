// SQLite with a rollback journal keeps the contract of connectors: writers wait for readers, and every commit for the disk.
// Rounds that are killed leave a whole file, in either mode.
import { connectorContract } from '../../src/contract/connector.ts'
import { killedRoundsContract } from '../../src/contract/killed-rounds.ts'
import { sqliteFixture } from './sqlite-fixture.ts'

const fixture = sqliteFixture('DELETE', [])

connectorContract(fixture)
killedRoundsContract(fixture)
killedRoundsContract(sqliteFixture('WAL', []), { changes: 'log' })

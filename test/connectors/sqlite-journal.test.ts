// SQLite with a rollback journal keeps the contract of connectors: writers wait for readers, and every commit for the disk.
import { connectorContract } from '../contract/connector.ts'
import { sqliteFixture } from './sqlite-fixture.ts'

connectorContract(sqliteFixture('DELETE', []))

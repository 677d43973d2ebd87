// A newer PostgreSQL keeps the contracts too.
import { connectorContract } from '../../src/contract/connector.ts'
import { linkContract } from '../../src/contract/links.ts'
import { newerPostgresFixture } from './postgres-fixture.ts'

connectorContract(newerPostgresFixture)
linkContract(newerPostgresFixture)

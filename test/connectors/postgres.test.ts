// PostgreSQL keeps the contracts of connectors and links.
import { connectorContract } from '../contract/connector.ts'
import { linkContract } from '../contract/links.ts'
import { postgresFixture } from './postgres-fixture.ts'

connectorContract(postgresFixture)
linkContract(postgresFixture)

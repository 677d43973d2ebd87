// PostgreSQL keeps the contracts of connectors and links.
import { connectorContract } from '../../src/contract/connector.ts'
import { linkMasksContract } from '../../src/contract/link-masks.ts'
import { linkContract } from '../../src/contract/links.ts'
import { postgresFixture } from './postgres-fixture.ts'

connectorContract(postgresFixture)
linkContract(postgresFixture)
linkMasksContract(postgresFixture)

// Rounds with PostgreSQL that are killed at any step, and whatever else may happen to a link.
import { killedRoundsContract } from '../../src/contract/killed-rounds.ts'
import { linkFaultsContract } from '../../src/contract/link-faults.ts'
import { postgresFixture } from './postgres-fixture.ts'

for (const changes of ['compare', 'log'] as const) {
  killedRoundsContract(postgresFixture, { changes })
  linkFaultsContract(postgresFixture, { changes })
}

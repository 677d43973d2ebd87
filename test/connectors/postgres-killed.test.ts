// Rounds with PostgreSQL that are killed at any step.
import { killedRoundsContract } from '../../src/contract/killed-rounds.ts'
import { postgresFixture } from './postgres-fixture.ts'

killedRoundsContract(postgresFixture)
killedRoundsContract(postgresFixture, { changes: 'log' })

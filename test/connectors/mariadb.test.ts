// MariaDB keeps the contract of connectors.
import { connectorContract } from '../../src/contract/connector.ts'
import { killedRoundsContract } from '../../src/contract/killed-rounds.ts'
import { linkFaultsContract } from '../../src/contract/link-faults.ts'
import { linkMasksContract } from '../../src/contract/link-masks.ts'
import { linkContract } from '../../src/contract/links.ts'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { mysqlRefusals, mysqlValues } from './mysql-cases.ts'
import { mysqlFixture } from './mysql-fixture.ts'

const fixture = mysqlFixture({
  name: 'MariaDB',
  without: withoutMariadb,
  values: mysqlValues,
  refusals: mysqlRefusals,
  start: startMariadb,
})

connectorContract(fixture)
linkContract(fixture)
linkMasksContract(fixture)
killedRoundsContract(fixture)
linkFaultsContract(fixture)
killedRoundsContract(fixture, { changes: 'log' })
linkFaultsContract(fixture, { changes: 'log' })

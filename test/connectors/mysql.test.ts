// MySQL's own server keeps the contract of connectors.
import { connectorContract } from '../../src/contract/connector.ts'
import { killedRoundsContract } from '../../src/contract/killed-rounds.ts'
import { linkFaultsContract } from '../../src/contract/link-faults.ts'
import { linkMasksContract } from '../../src/contract/link-masks.ts'
import { linkContract } from '../../src/contract/links.ts'
import { startMysql, withoutMysql } from '../support/mysql.ts'
import { mysqlOwnRefusals, mysqlOwnValues } from './mysql-cases.ts'
import { mysqlFixture } from './mysql-fixture.ts'

const fixture = mysqlFixture({
  name: 'MySQL',
  without: withoutMysql,
  values: mysqlOwnValues,
  refusals: mysqlOwnRefusals,
  // As MariaDB's is, which allows days that are none.
  start: (settings) =>
    startMysql([
      ...settings,
      '--sql-mode=ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    ]),
})

connectorContract(fixture)
linkContract(fixture)
linkMasksContract(fixture)
killedRoundsContract(fixture)
linkFaultsContract(fixture)
killedRoundsContract(fixture, { changes: 'log' })
linkFaultsContract(fixture, { changes: 'log' })

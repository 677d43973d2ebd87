// What every connector promises. An implementation runs this suite with a fixture of its own, against the real system:
// a test whose name says what a connector must do, and nothing about how.
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest'
import type { Connector } from '../connectors/interface.ts'
import type { ConnectorFixture, Endpoint, Feature, FixtureHost } from './fixture.ts'
import { checkpointTests } from './checkpoint.ts'
import { constraintTests } from './constraints.ts'
import { faultTests } from './faults.ts'
import { readingTests } from './reading.ts'
import { valueTests } from './values.ts'
import { writingTests } from './writing.ts'

/** What a test of the suite works with. */
export interface TestContext {
  readonly fixture: ConnectorFixture
  /** A new one for each test. */
  readonly endpoint: Endpoint
  /** One more, closed after the test. */
  fresh(): Promise<Endpoint>
  /** Open, at this endpoint. */
  readonly connector: Connector
  /** Another connection, closed after the test. */
  another(endpoint?: Endpoint): Promise<Connector>
}

type Run = (context: TestContext) => Promise<void>

/** Declares a test; one that needs what this system has not is skipped, and says so in its name. */
export type DeclareTest = (
  ...test: [name: string, run: Run] | [name: string, needs: readonly Feature[], run: Run]
) => void

export interface Suite {
  readonly fixture: ConnectorFixture
  readonly promise: DeclareTest
}

export function connectorContract(fixture: ConnectorFixture): void {
  describe.skipIf(fixture.without !== '')(`${fixture.name} as a connector${fixture.without}`, () => {
    let host: FixtureHost
    let context: TestContext
    const opened: { close(): Promise<void> }[] = []

    beforeAll(async () => {
      host = await fixture.start()
    }, 60_000)
    afterAll(() => host.stop())

    beforeEach(async () => {
      const kept = async <T extends { close(): Promise<void> }>(making: Promise<T>): Promise<T> => {
        const made = await making
        opened.push(made)
        return made
      }
      const fresh = (): Promise<Endpoint> => kept(host.fresh())
      const endpoint = await fresh()
      const another = (at = endpoint): Promise<Connector> => kept(at.open())
      context = { fixture, endpoint, fresh, connector: await another(), another }
    }, 60_000)
    afterEach(async () => {
      for (const one of opened.splice(0).reverse()) await one.close()
    }, 60_000)

    const suite: Suite = {
      fixture,
      promise: (...declared) => {
        const [name, needs, run] =
          declared.length === 3 ? declared : ([declared[0], [], declared[1]] as const)
        const missing = needs.filter((feature) => !fixture.features.has(feature))
        const why = missing.length === 0 ? '' : ` (not here: ${missing.join(', ')})`
        test.skipIf(missing.length > 0)(name + why, () => run(context))
      },
    }
    for (const group of [
      readingTests,
      valueTests,
      checkpointTests,
      writingTests,
      constraintTests,
      faultTests,
    ])
      group(suite)
  })
}

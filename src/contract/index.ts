// What every connector promises, as tests for vitest: who writes a connector runs them over a system of their own, as
// Varve's own connectors do.
export { connectorKit } from '../connectors/kit.ts'
export { openEndpoint } from '../connectors/open.ts'
export type { Connector, ConnectorKind } from '../connectors/interface.ts'
export { connectorContract } from './connector.ts'
export * from './fixture.ts'
export { killedRoundsContract } from './killed-rounds.ts'
export { linkFaultsContract } from './link-faults.ts'
export { linkMasksContract } from './link-masks.ts'
export { linkContract } from './links.ts'
export { sortedByFirst } from './plans.ts'

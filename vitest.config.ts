import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** Many processes, races and cut lines, each some ten seconds and more: `npm run test:slow`. */
export const slow: readonly string[] = [
  'test/remote/pushers.test.ts',
  'test/remote/git-faults.test.ts',
  'test/remote/git-transport.test.ts',
  'test/remote/hostile-server.test.ts',
  'test/remote/served.test.ts',
  'test/remote/s3/remote.test.ts',
  'test/sync/follow.test.ts',
  'test/cli/follow.test.ts',
  'test/server/command.test.ts',
  'test/cli/interrupted-clone.test.ts',
  'test/cli/s3.test.ts',
  'test/cli/sync-every.test.ts',
  'test/crash/endpoint-full.test.ts',
  'test/crash/sync-kills.test.ts',
  'test/sync/deadlock.test.ts',
  'test/sync/sinks/nats.test.ts',
  'test/sync/sinks/mqtt.test.ts',
  'test/connectors/mysql.test.ts',
  'test/connectors/mysql-log.test.ts',
  'test/connectors/mysql-log-corners.test.ts',
  'test/connectors/mysql-settings.test.ts',
  'test/connectors/mysql-tls.test.ts',
  'test/connectors/postgres-tls.test.ts',
  'test/sync/transactions.test.ts',
  'test/sync/commit-by-commit.test.ts',
  'test/sync/cursor.test.ts',
  'test/connectors/sqlite-journal.test.ts',
  'test/connectors/folder.test.ts',
  'test/crash/folder.test.ts',
  'test/sync/mysql.test.ts',
  'test/sync/sinks/amqp.test.ts',
  'test/sync/sinks/kafka.test.ts',
  'test/sync/sinks/refused-rows.test.ts',
  'test/remote/ssh.test.ts',
  'test/server/push.test.ts',
  'test/property/leaves.test.ts',
  'test/cli/partial.test.ts',
  'test/crash/bitflip.test.ts',
  'test/sync/own-writes.test.ts',
  'test/sync/rounds-memory.test.ts',
  'test/sync/postgres-corners.test.ts',
  'test/api/link-templates.test.ts',
  'test/cli/copies.test.ts',
  'test/cli/carrying.test.ts',
  'test/cli/inbox.test.ts',
  'test/remote/partial-transports.test.ts',
]

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need a server that takes a while to start: `npm run test:s3`.
    exclude: ['test/s3/**', ...slow],
    setupFiles: ['test/support/seed.ts'],
    // For whoever shares the processors: a test that hangs is found all the same.
    testTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    env: { VARVE_AUTHOR_NAME: 'Ada Lovelace', VARVE_AUTHOR_EMAIL: 'ada@example.org' },
  },
})

export default config

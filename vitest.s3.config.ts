// The tests that need a real S3 server, which takes a quarter of a minute to start: `npm run test:s3`.
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/s3/**/*.test.ts'],
    globalSetup: ['test/s3/server.ts'],
    setupFiles: ['test/support/seed.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    env: { VARVE_AUTHOR_NAME: 'Ada Lovelace', VARVE_AUTHOR_EMAIL: 'ada@example.org' },
  },
})

export default config

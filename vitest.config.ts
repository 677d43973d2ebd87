import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need a server that takes a while to start: `npm run test:s3`.
    exclude: ['test/s3/**'],
    setupFiles: ['test/support/seed.ts'],
    testTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
    env: { VARVE_AUTHOR_NAME: 'Ada Lovelace', VARVE_AUTHOR_EMAIL: 'ada@example.org' },
  },
})

export default config

import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/seed.ts'],
    testTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
    env: { VARVE_AUTHOR_NAME: 'Ada Lovelace', VARVE_AUTHOR_EMAIL: 'ada@example.org' },
  },
})

export default config

// The tests that take long: `npm run test:slow`.
import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { slow } from './vitest.config.ts'

const config: ViteUserConfig = defineConfig({
  test: {
    include: [...slow],
    setupFiles: ['test/support/seed.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Most of them wait for processes and servers half of the time.
    maxWorkers: 3,
    env: { VARVE_AUTHOR_NAME: 'Ada Lovelace', VARVE_AUTHOR_EMAIL: 'ada@example.org' },
  },
})

export default config

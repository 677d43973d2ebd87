// `node bench/random-merges.js [COUNT] [SEED]`: random merges of small tables, schema changes and policies included,
// each compared with a brute-force model (test/property/merge-model.ts). Default: a million. Exit code 1 where engine
// and model disagree.
import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const [count = 1_000_000, seed = Date.now() % 1_000_000_000] = process.argv.slice(2).map(Number)
if (!(Number.isInteger(count) && count > 0 && Number.isInteger(seed) && seed >= 0)) {
  console.error('usage: node bench/random-merges.js [COUNT] [SEED]')
  process.exit(2)
}
const folder = mkdtempSync(path.join(root, 'dist', 'random-merges-'))
try {
  const outfile = path.join(folder, 'run.mjs')
  await build({
    absWorkingDir: root,
    entryPoints: ['test/property/million.ts'],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  })
  const { runMerges } = await import(pathToFileURL(outfile).href)
  console.log(`${count} random merges from seed ${seed}`)
  const start = performance.now()
  const before = process.cpuUsage()
  const { merges, faults } = await runMerges(count, seed, (line) => console.log(line))
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const { user, system } = process.cpuUsage(before)
  const busy = ((user + system) / 1e6).toFixed(1)
  console.log(
    `${merges} merges in ${seconds} s (${busy} s of processor), ${faults} disagreements with the model`,
  )
  process.exitCode = faults > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}

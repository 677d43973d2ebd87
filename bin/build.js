// Builds dist/: the library as plain modules by tsc, and the command line as one bundle with lazy chunks,
// because loading some hundred small files costs more than most commands take.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const tsc = path.join(
  path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin/tsc',
)

rmSync(path.join(root, 'dist'), { recursive: true, force: true })
const compiled = spawnSync(process.execPath, [tsc, '-p', path.join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
})
if (compiled.status !== 0) process.exit(compiled.status ?? 1)

// yargs only parses here. What it would lay out its help with costs half a start of Node (segmenters, tables of emoji),
// and its search for a package.json would read the folder the user stands in: both stay out of the bundle.
const parsingOnly = {
  name: 'yargs-parsing-only',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(cliui|string-width|escalade\/sync)$/ }, ({ importer }) =>
      /[\\/]node_modules[\\/]yargs[\\/]/.test(importer)
        ? { path: 'nothing', namespace: 'yargs-parsing-only' }
        : null,
    )
    onLoad({ filter: /./, namespace: 'yargs-parsing-only' }, () => ({
      contents: 'export default () => undefined',
    }))
  },
}

await build({
  absWorkingDir: root,
  entryPoints: { main: 'src/cli/main.ts', worker: 'src/worker.ts' },
  outdir: 'dist/bundle',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: ['classic-level', 'level'],
  define: { VARVE_WORKER_FILE: '"./worker.js"' },
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: {
    js: "import { createRequire as __varveRequire } from 'node:module'; const require = __varveRequire(import.meta.url);",
  },
  // Names stay: a stack trace should be readable. Parsing less text saves some 20 ms a command.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  plugins: [parsingOnly],
  logLevel: 'warning',
})

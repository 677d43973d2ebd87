// Builds dist/: types by tsc, the library as a few dozen modules, and the command line as one script, because loading some
// hundred small files costs more than most commands take. Code that V8 compiled from it is kept beside it (bin/bundle.js).
const { spawnSync } = require('node:child_process')
const { readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs')
const { isBuiltin } = require('node:module')
const path = require('node:path')
const { build } = require('esbuild')
const { buildParts } = require('./parts.js')

const root = path.dirname(__dirname)
const bundleFolder = path.join(root, 'dist', 'bundle')
const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin/tsc')

// yargs only parses here, as its build for browsers does: its other one asks for the terminal's width, reads package.json files
// of the folder the user stands in, and loads tables of emoji, for half a start of Node.
const parsingOnly = {
  name: 'yargs-parsing-only',
  setup({ onResolve, onLoad }) {
    const ofYargs = /[\\/]node_modules[\\/]yargs[\\/]/
    onResolve({ filter: /^\.\/lib\/platform-shims\/esm\.mjs$/ }, ({ importer, resolveDir }) =>
      ofYargs.test(importer) ? { path: path.join(resolveDir, 'lib/platform-shims/browser.mjs') } : null,
    )
    // It names its packages by addresses on the web; the parser is the one that is installed, and nothing is laid out.
    onResolve({ filter: /^https:\/\/[^/]+\/yargs-parser@/ }, ({ resolveDir }) => ({
      path: require.resolve('yargs-parser/browser', { paths: [resolveDir] }),
    }))
    onResolve({ filter: /^https:\/\/[^/]+\/cliui@/ }, () => ({
      path: 'cliui',
      namespace: 'yargs-parsing-only',
    }))
    onLoad({ filter: /./, namespace: 'yargs-parsing-only' }, () => ({
      contents: 'export default () => undefined',
    }))
  },
}

// diff3 assigns a variable that it does not declare, which strict code may not.
const declaredInDiff3 = {
  name: 'declared-in-diff3',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]diff3[\\/]onp\.js$/ }, ({ path: file }) => ({
      contents: `var ed\n${readFileSync(file, 'utf8')}`,
    }))
  },
}

// Node's own modules as ES modules whose unused names fall away: esbuild would copy all names of 'fs' for every file that
// imports it, as getters, and each call would go through one.
const nodeModules = {
  name: 'node-modules',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /./ }, ({ path: id, kind, namespace }) =>
      isBuiltin(id) && kind === 'import-statement' && namespace !== 'node-modules'
        ? { path: id, namespace: 'node-modules', sideEffects: false }
        : null,
    )
    onLoad({ filter: /./, namespace: 'node-modules' }, ({ path: id }) => {
      const names = Object.keys(require(id)).filter((name) => name !== 'default')
      const lines = names.map((name) => `export const ${name} = /* @__PURE__ */ own(it, '${name}')`)
      return {
        contents: [
          `const it = /* @__PURE__ */ require('${id}')`,
          'const own = (module, name) => module[name]',
          'export default it',
          ...lines,
        ].join('\n'),
      }
    })
  },
}

// Packages that few commands need are scripts of their own, loaded on use.
const apart = {
  '@ipld/car/iterator': 'ipld-car-iterator',
  '@ipld/car/writer': 'ipld-car-writer',
  '@nats-io/transport-node': 'nats-transport-node',
  '@platformatic/kafka': 'kafka',
  '@redis/client': 'redis-client',
  amqplib: 'amqplib',
  aws4fetch: 'aws4fetch',
  'cli-progress': 'cli-progress',
  'find-my-way': 'find-my-way',
  hyparquet: 'hyparquet',
  'hyparquet/src/column.js': 'hyparquet-column',
  'hyparquet/src/convert.js': 'hyparquet-convert',
  'hyparquet/src/delta.js': 'hyparquet-delta',
  'hyparquet/src/encoding.js': 'hyparquet-encoding',
  'hyparquet/src/plain.js': 'hyparquet-plain',
  'hyparquet-compressors': 'hyparquet-compressors',
  'hyparquet-writer': 'hyparquet-writer',
  'isomorphic-git': 'isomorphic-git',
  'isomorphic-git/http/node': 'isomorphic-git-http',
  level: 'level',
  mqtt: 'mqtt',
  re2js: 're2js',
  saxes: 'saxes',
  'sqlite3-parser': 'sqlite3-parser',
  mysql2: 'mysql2',
  pg: 'pg',
  'pg-copy-streams': 'pg-copy-streams',
  undici: 'undici',
  'prom-client': 'prom-client',
  yaml: 'yaml',
}
const packagesApart = {
  name: 'packages-apart',
  setup({ onResolve }) {
    onResolve({ filter: /./ }, ({ path: id, kind }) =>
      kind !== 'entry-point' && Object.hasOwn(apart, id)
        ? { path: `./${apart[id]}.cjs`, external: true }
        : null,
    )
  },
}

// LevelDB itself is no script: it is looked for where its package lies.
const levelBinding = {
  name: 'level-binding',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/binding$/ }, ({ importer }) =>
      /[\\/]node_modules[\\/]classic-level[\\/]/.test(importer)
        ? { path: 'binding', namespace: 'level-binding' }
        : null,
    )
    onLoad({ filter: /./, namespace: 'level-binding' }, () => ({
      contents: `
        const { createRequire } = require('node:module')
        const level = createRequire(__filename).resolve('level')
        module.exports = createRequire(level)('classic-level/binding.js')`,
    }))
  },
}

const common = {
  absWorkingDir: root,
  outdir: bundleFolder,
  // A script as bin/bundle.js runs it. Node loads its `performance` when it is first looked at: a millisecond for what its clock
  // says at once.
  banner: {
    js: `(function (exports, require, module, __filename, __dirname, moduleUrl) {
const clockMs = () => { const [seconds, nanoseconds] = process.hrtime(); return seconds * 1e3 + nanoseconds / 1e6 }`,
  },
  footer: { js: '})' },
  outExtension: { '.js': '.cjs' },
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  // SQLite's script looks for its WebAssembly beside itself.
  external: ['node-sqlite3-wasm', '@photostructure/sqlite', 'pg-native'],
  // A script cannot import(); packages that stay outside are CommonJS.
  supported: { 'dynamic-import': false },
  // Names stay: a stack trace should be readable. Parsing less text saves some 20 ms where no code is kept.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
}

async function run() {
  rmSync(path.join(root, 'dist'), { recursive: true, force: true })
  const compiled = spawnSync(process.execPath, [tsc, '-p', path.join(root, 'tsconfig.build.json')], {
    stdio: 'inherit',
  })
  if (compiled.status !== 0) process.exit(compiled.status ?? 1)
  await buildLibrary()
  const scripts = {
    ...common,
    define: {
      VARVE_WORKER_FILE: '"../../bin/worker.js"',
      'import.meta.url': 'moduleUrl',
      'performance.now': 'clockMs',
    },
    plugins: [packagesApart, parsingOnly, declaredInDiff3, nodeModules],
  }
  await buildParts('src/cli/main.ts', scripts)
  await build({ ...scripts, entryPoints: { worker: 'src/worker.ts', 'sql-process': 'src/sql-process.ts' } })
  const { pg, ...others } = apart
  // It asks whether it runs on Cloudflare by making a Response, for which Node loads its whole fetch: 10 ms.
  await build({ ...common, entryPoints: { pg }, define: { Response: 'undefined' } })
  await build({
    ...common,
    entryPoints: Object.fromEntries(Object.entries(others).map(([id, name]) => [name, id])),
    define: { 'import.meta.url': 'moduleUrl' },
    // Its WebAssembly would lie beside it; this one holds it.
    alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
    plugins: [levelBinding],
  })
  for (const name of readdirSync(bundleFolder)) makeAscii(path.join(bundleFolder, name))
  keepCompiledCode()
}

/** esbuild leaves other letters in templates and patterns, where an escape means the same unless their source is asked for. */
function makeAscii(file) {
  const escape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  writeFileSync(file, readFileSync(file, 'utf8').replace(/[^\0-\x7f]/g, escape))
}

// Packages in the older form ask for Node's own modules by a function that modules do not have.
const requireInModules =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);"

/** What is loaded on use lies in modules of its own. All entries share their modules, so that there is one VarveError. */
async function buildLibrary() {
  await build({
    absWorkingDir: root,
    entryPoints: {
      index: 'src/index.ts',
      'server/serve': 'src/server/serve.ts',
      'contract/index': 'src/contract/index.ts',
    },
    outdir: path.join(root, 'dist'),
    chunkNames: 'modules/[name]-[hash]',
    bundle: true,
    splitting: true,
    // Small packages that everybody needs are taken in: finding their files took longer than running them.
    external: [
      ...common.external,
      'classic-level',
      'vitest',
      'fast-check',
      ...Object.keys(apart).filter((id) => id !== 'yaml'),
    ],
    format: 'esm',
    platform: 'node',
    target: 'node20',
    banner: { js: requireInModules },
    legalComments: 'none',
    // As seen from dist/modules; threads of the library run what those of the command line run.
    define: { VARVE_WORKER_FILE: '"../../bin/worker.js"' },
    logLevel: 'warning',
    plugins: [declaredInDiff3],
  })
}

/**
 * Node 20 may abort (SIGABRT) when a thread ends while V8 still compiles for it, and keeping code ends many threads: then
 * it is done again. Without kept code the command line starts all the same, only later.
 */
function keepCompiledCode() {
  for (let tries = 0; tries < 3; tries++) {
    const { status, signal } = spawnSync(process.execPath, [path.join(__dirname, 'code-cache.js')], {
      stdio: ['ignore', 'ignore', tries < 2 ? 'ignore' : 'inherit'],
    })
    if (status === 0) return
    if (signal !== 'SIGABRT') break
  }
  console.error('no compiled code is kept: commands start more slowly')
}

void run()

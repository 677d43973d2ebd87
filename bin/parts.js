// Divides the command line's script in two: `main` has what common commands run, `rest` what is loaded on use by few, servers
// and live systems above all. As one script, the second half would be read and set up at every start, for 6 % of what small
// commands take.
// Each module is in one of the two, so there is one of each class: what `rest` needs of `main` it is handed by its file's name.
const path = require('node:path')
const { build } = require('esbuild')

/** Loaded on use, by few commands. What common commands need of these rooms at once stays in `main`. */
const rare =
  /^src\/(server|connectors|sync|derive|query|rules|git|http|remote\/(transports|car)|formats\/(parquet|sqlite|columnar))\/|^src\/cli\/commands\/(serve|token|link|sync|sql|derive|check|git-driver|car|bundle|mirror|import|export|bisect|completion)\.ts$/

/** Builds both, of the module `entry`, whose exports are those of `main` beside `modules`. */
async function buildParts(entry, options) {
  const { inputs } = (await build({ ...options, entryPoints: [entry], write: false, metafile: true }))
    .metafile
  // Those that plugins make, as of Node's own modules, are made in each part.
  const importsOf = (file) =>
    inputs[file].imports.filter(({ path: next }) => next in inputs && !next.includes(':'))
  const common = new Set()
  const add = (file) => {
    if (common.has(file)) return
    common.add(file)
    for (const { path: next, kind } of importsOf(file)) {
      if (kind !== 'dynamic-import' || !rare.test(next)) add(next)
    }
  }
  add(entry)
  const shared = new Set()
  const loaded = new Set()
  for (const file of Object.keys(inputs)) {
    for (const { path: next } of importsOf(file)) {
      if (common.has(file) && !common.has(next)) loaded.add(next)
      else if (!common.has(file) && common.has(next)) shared.add(next)
    }
  }
  await buildPart('main', options, {
    contents: `export * from './${entry}'\n${tableOf('modules', shared)}`,
    elsewhere: (file) => !common.has(file),
    other: 'rest',
  })
  await buildPart('rest', options, {
    contents: tableOf('modules', loaded),
    elsewhere: (file) => common.has(file),
    other: 'main',
  })
}

function tableOf(name, files) {
  const lines = [...files].map((file) => `${JSON.stringify(file)}: () => require('./${file}'),`)
  return `export const ${name} = {\n${lines.join('\n')}\n}\n`
}

function buildPart(name, options, { contents, elsewhere, other }) {
  const root = options.absWorkingDir
  const otherPart = {
    name: 'other-part',
    setup({ onResolve, resolve }) {
      onResolve({ filter: /./ }, async ({ path: id, pluginData, ...from }) => {
        if (pluginData === otherPart) return null
        const {
          errors,
          external,
          namespace,
          path: found,
        } = await resolve(id, { ...from, pluginData: otherPart })
        if (errors.length > 0 || external) return null
        const file = path.relative(root, found).replaceAll('\\', '/')
        return namespace === 'file' && elsewhere(file) ? { path: `${other}:${file}`, external: true } : null
      })
    },
  }
  return build({
    ...options,
    stdin: { contents, resolveDir: root, sourcefile: `${name}.js` },
    outfile: path.join(options.outdir, `${name}.cjs`),
    outdir: undefined,
    outExtension: undefined,
    plugins: [...options.plugins, otherPart],
  })
}

module.exports = { buildParts }

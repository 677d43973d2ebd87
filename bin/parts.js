// Divides the command line's script in three: `main` has what everyday commands need, `merge` what brings histories together
// or moves them between places, and `rest` what few commands load, servers and live systems above all. As one script, all of it
// would be read and set up at every start.
// Each module is in one of the three, so there is one of each class: what a part needs of another it is handed by its file's
// name, from the tables that the parts export.
const path = require('node:path')
const { build } = require('esbuild')

/** Of what is loaded on use: what few commands need. */
const rare =
  /^src\/(server|connectors|sync(?!\/receipts)|derive|query|rules|git|http|signing|remote\/(transports|car)|formats\/(parquet|sqlite|columnar))\/|^src\/cli\/commands\/(serve|token|link|sync|sql|derive|check|git-driver|car|bundle|mirror|import|export|bisect|completion|verify-commit|verify-tag)\.ts$/

/** Of what is loaded on use: what brings histories together or moves them, and what looks far back. */
const merging =
  /^src\/(merge|documents|remote|worktree\/tables\/guess-key|repo\/(merging\/(?!ending-merge)|stash|notes|fsck|bisect|undo)|store\/disk\/(gc|fsck|repair|upkeep))|^src\/api\/(conflicts|tables|remotes|links|blame|line-history|merge-results|policy-decisions|repair|stash|cleaning|checks)|^src\/repo\/log\/(content|line)-changes|^src\/cli\/commands\/(merge|merge-file|rebase|revert|cherry-pick|conflicts|resolve|stash|blame|clone|fetch|pull|push|gc|fsck|undo|clean|merge-base|shortlog|notes)\.ts$/

/** In the order in which modules are taken: each part has what it takes on use, and all that this imports. */
const parts = new Map([
  ['main', (file) => !rare.test(file) && !merging.test(file)],
  ['merge', (file) => !rare.test(file)],
  ['rest', () => true],
])

/** Builds all three, of the module `entry`, whose exports are those of `main` beside `modules`. */
async function buildParts(entry, options) {
  const { inputs } = (await build({ ...options, entryPoints: [entry], write: false, metafile: true }))
    .metafile
  const { partOf, asked } = divide(entry, inputs)
  const names = await exportedNames(
    [...partOf.keys()].filter((file) => inputs[file].format === 'esm'),
    options,
  )
  for (const part of parts.keys()) {
    const exported = part === 'main' ? `export * from './${entry}'\n` : ''
    await buildPart(part, options, exported + tableOf(asked.get(part)), { partOf, names })
  }
}

/** By file, the name of its part; and by part, the files that other parts ask it for. */
function divide(entry, inputs) {
  // Those that plugins make, as of Node's own modules, are made in each part.
  const importsOf = (file) =>
    inputs[file].imports.filter(({ path: next }) => next in inputs && !next.includes(':'))
  const partOf = new Map()
  const add = (part, file) => {
    if (partOf.has(file)) return
    partOf.set(file, part)
    for (const { path: next, kind } of importsOf(file)) {
      if (kind !== 'dynamic-import' || parts.get(part)(next)) add(part, next)
    }
  }
  add('main', entry)
  for (const [part, takes] of parts) {
    for (const file of partOf.keys()) {
      for (const { path: next } of importsOf(file)) if (takes(next)) add(part, next)
    }
  }
  const asked = new Map([...parts.keys()].map((part) => [part, new Set()]))
  for (const [file, part] of partOf) {
    for (const { path: next } of importsOf(file)) {
      if (partOf.get(next) !== part) asked.get(partOf.get(next)).add(next)
    }
  }
  return { partOf, asked }
}

/** By file, the names that it exports. */
async function exportedNames(files, { absWorkingDir }) {
  const { outputs } = (
    await build({
      absWorkingDir,
      entryPoints: files,
      outdir: 'dist',
      outbase: '.',
      write: false,
      metafile: true,
      format: 'esm',
    })
  ).metafile
  return new Map(Object.values(outputs).map(({ entryPoint, exports }) => [entryPoint, exports]))
}

/** Each module runs when it is first asked for. */
function tableOf(files) {
  const lines = [...files].map((file) => `${JSON.stringify(file)}: () => require('./${file}'),`)
  return `export const modules = {\n${lines.join('\n')}\n}\n`
}

function buildPart(part, options, contents, { partOf, names }) {
  const root = options.absWorkingDir
  const otherParts = {
    name: 'other-parts',
    setup({ onResolve, onLoad, resolve }) {
      onResolve({ filter: /./ }, async ({ path: id, pluginData, ...from }) => {
        if (pluginData === otherParts) return null
        if (from.namespace === 'other-parts') return { path: id, external: true }
        const {
          errors,
          external,
          namespace,
          path: found,
        } = await resolve(id, { ...from, pluginData: otherParts })
        if (errors.length > 0 || external || namespace !== 'file') return null
        const file = path.relative(root, found).replaceAll('\\', '/')
        const other = partOf.get(file) ?? part
        if (other === part) return null
        // What is loaded on use, and a package in the older form, which has no names, are handed over as they are.
        return names.has(file) && from.kind !== 'dynamic-import'
          ? { path: file, namespace: 'other-parts' }
          : { path: `${other}:${file}`, external: true }
      })
      // A module of its own: esbuild would copy all names of the file, as getters, for each module that imports one of them.
      onLoad({ filter: /./, namespace: 'other-parts' }, ({ path: file }) => ({
        contents: [
          `const it = require('${partOf.get(file)}:${file}')`,
          ...names.get(file).map((name) => `export const ${name} = it.${name}`),
        ].join('\n'),
      }))
    },
  }
  return build({
    ...options,
    stdin: { contents, resolveDir: root, sourcefile: `${part}.js` },
    outfile: path.join(options.outdir, `${part}.cjs`),
    outdir: undefined,
    outExtension: undefined,
    plugins: [...options.plugins, otherParts],
  })
}

module.exports = { buildParts }

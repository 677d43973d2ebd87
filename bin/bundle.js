// Loads a script of dist/bundle together with the code that V8 has compiled from it before, which bin/build.js keeps
// beside it: compiling costs more than most commands. The kept code is used only if its digest says that it belongs to
// this very script; another Node refuses it by itself. Either way the script runs, at worst compiled as if there were
// no such file.
const { createHash } = require('node:crypto')
const { readFileSync, writeFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { setFlagsFromString } = require('node:v8')
const { Script } = require('node:vm')
const { isMainThread } = require('node:worker_threads')

const folder = path.join(path.dirname(__dirname), 'dist', 'bundle')
const digestBytes = 32

// V8 optimizes what has run for long, and mostly a command is over before that pays: of the processor time of a diff two fifths
// went there. What has run eight times as long as by default is optimized still. Kept code is of these settings: before a script.
if (isMainThread && process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=1000000')

/** What is loaded, by name. */
const loaded = new Map()

/** Runs a script of the bundle, once; its packages that are bundled apart are loaded by the same rule. */
function loadBundle(name, requireModule) {
  const known = loaded.get(name)
  if (known !== undefined) return known
  const file = path.join(folder, `${name}.cjs`)
  const source = readFileSync(file)
  // As the build writes it: a function around it all, and ASCII alone, so that V8 holds a byte a letter and need not decode.
  const script = new Script(source.latin1Slice(), { filename: file, cachedData: keptCode(file, source) })
  const module = { exports: {} }
  const outside = requireModule ?? createRequire(file)
  const inside = (id) => (id.startsWith('./') ? loadBundle(path.basename(id, '.cjs')).exports : outside(id))
  const start = script.runInThisContext()
  start(module.exports, inside, module, file, folder, pathToFileURL(file).href)
  const bundle = {
    exports: module.exports,
    keep: () => keepCode(file, source, script),
    isKept: script.cachedDataRejected === false,
  }
  loaded.set(name, bundle)
  return bundle
}

function keptCode(file, source) {
  let kept
  try {
    kept = readFileSync(`${file}.code`)
  } catch {
    return undefined
  }
  const code = kept.subarray(digestBytes)
  return digestOf(source, code).equals(kept.subarray(0, digestBytes)) ? code : undefined
}

/** Keeps what is compiled by now: run first what should be among it. */
function keepCode(file, source, script) {
  const code = script.createCachedData()
  writeFileSync(`${file}.code`, Buffer.concat([digestOf(source, code), code]))
}

// V8 itself only compares the script's length.
function digestOf(source, code) {
  return createHash('sha256').update(source).update(code).digest()
}

module.exports = { loadBundle, loaded }

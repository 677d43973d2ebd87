// Loads a script of dist/bundle together with the code that V8 has compiled from it before, which bin/build.js keeps
// beside it: compiling costs more than most commands. The kept code is used only if its checksum says that it belongs to
// this very script and came whole; another Node refuses it by itself. Either way the script runs, at worst compiled as if
// there were no such file. Whoever can write here can change the script as well: nothing stronger is needed.
const { readFileSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { setFlagsFromString } = require('node:v8')
const { Script } = require('node:vm')
const { crc32 } = require('node:zlib')

const folder = path.join(path.dirname(__dirname), 'dist', 'bundle')
const checksumBytes = 4

/** What is loaded, by name. */
const loaded = new Map()
/** What one part of the command line has asked another for, by file. */
const others = new Map()

/**
 * For processes of our own, before any script: kept code is of these settings. V8 optimizes what has run for long, and mostly a
 * command is over before that pays: of the processor time of a diff two fifths went there. What has run eight times as long as
 * by default is optimized still.
 */
function optimizeLater() {
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=1000000')
}

/** Runs a script of the bundle, once; its packages that are bundled apart are loaded by the same rule. */
function loadBundle(name, requireModule) {
  const known = loaded.get(name)
  if (known !== undefined) return known
  const file = path.join(folder, `${name}.cjs`)
  const source = readFileSync(file)
  // As the build writes it: a function around it all, and ASCII alone, so that V8 holds a byte a letter and need not decode.
  const script = new Script(source.latin1Slice(), { filename: file, cachedData: keptCode(file, source) })
  const module = { exports: {} }
  const outside = requireModule ?? require
  const inside = (id) => {
    if (id.startsWith('./')) return loadBundle(path.basename(id, '.cjs')).exports
    // A module of another part (bin/parts.js).
    const [, part, module] = /^(main|merge|rest):(.+)$/.exec(id) ?? []
    if (part === undefined) return outside(id)
    // esbuild copies all names at each call.
    if (!others.has(module)) others.set(module, loadBundle(part).exports.modules[module]())
    return others.get(module)
  }
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
  if (kept.length <= checksumBytes) return undefined
  const code = kept.subarray(checksumBytes)
  return kept.readUInt32LE(0) === checksumOf(source, code) ? code : undefined
}

/** Keeps what is compiled by now: run first what should be among it. */
function keepCode(file, source, script) {
  const code = script.createCachedData()
  const checksum = Buffer.alloc(checksumBytes)
  checksum.writeUInt32LE(checksumOf(source, code))
  writeFileSync(`${file}.code`, Buffer.concat([checksum, code]))
}

// V8 itself only compares the script's length.
function checksumOf(source, code) {
  return crc32(code, crc32(source))
}

module.exports = { loadBundle, loaded, optimizeLater }

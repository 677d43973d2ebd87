#!/usr/bin/env node
// Starts the command line: answers --version without loading anything, else runs the bundle that bin/build.js makes.
// CommonJS, because starting Node's loader of modules takes a sixth of the time of starting Node.
const { existsSync } = require('node:fs')
const path = require('node:path')
const { version } = require('../package.json')

const argv = process.argv.slice(2)

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  process.stdout.on('error', () => process.exit(1))
  process.stdout.write(`varve ${version}\n`)
} else if (!existsSync(path.join(__dirname, '../dist/bundle/main.cjs'))) {
  process.stderr.write(
    "error: varve is not built yet\nhint: run 'npm ci', or 'npm run build', in its folder\n",
  )
  process.exitCode = 1
} else {
  void run()
}

async function run() {
  const { loadBundle, optimizeLater } = require('./bundle.js')
  optimizeLater()
  const { main } = loadBundle('main').exports
  const code = await main(argv, process.env, version)
  // What is left to print is in the streams' hands; nothing else may keep the process.
  process.exitCode = code
  process.stdout.write('', () => process.exit(code))
}

#!/usr/bin/env node
// Starts the command line: answers --version without loading anything, else runs the bundle that bin/build.js makes.
import { existsSync, readFileSync } from 'node:fs'
import module from 'node:module'

const bundle = new URL('../dist/bundle/main.js', import.meta.url)
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const argv = process.argv.slice(2)

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  process.stdout.write(`varve ${version}\n`)
} else if (!existsSync(bundle)) {
  process.stderr.write(
    "error: varve is not built yet\nhint: run 'npm ci', or 'npm run build', in its folder\n",
  )
  process.exitCode = 1
} else {
  module.enableCompileCache?.()
  const { main } = await import(bundle.href)
  const code = await main(argv, process.env, version)
  // What is left to print is in the streams' hands; nothing else may keep the process.
  process.exitCode = code
  process.stdout.write('', () => process.exit(code))
}

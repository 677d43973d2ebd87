// Modules of the user's own: connectors, and functions that derive tables. What came with a repository must never decide
// which code runs here: only the command line and the environment name one.

/** What it exports, ECMAScript module or CommonJS. @throws whatever is wrong with it */
export function loadModule(file: string): Readonly<Record<string, unknown>> {
  // Loaded on use: few have any.
  const { createRequire } = process.getBuiltinModule('node:module')
  const exported: unknown = createRequire(file)(file)
  return typeof exported === 'object' && exported !== null ? { ...exported } : {}
}

/** In words of ours where Node's speak of how it loads modules. */
export function whyNotLoaded(file: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ERR_REQUIRE_ASYNC_MODULE') return "it uses 'await' outside of a function"
  if (error instanceof SyntaxError) return `${message}${placeOf(file, error)}`
  const [first] = message.split('\nRequire stack:')
  return first === `Cannot find module '${file}'` || code === 'ENOENT' ? 'there is no such file' : first!
}

/** Where its syntax is wrong: Node says that of a CommonJS module alone, and prints it of others. */
function placeOf(file: string, { stack = '' }: SyntaxError): string {
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const { fileURLToPath } = process.getBuiltinModule('node:url')
  const place = /^(.+):(\d+)\n/
  const found =
    place.exec(stack) ?? place.exec(spawnSync(process.execPath, ['--check', file]).stderr.toString())
  if (found === null) return ''
  const at = found[1]!.startsWith('file:') ? fileURLToPath(found[1]!) : found[1]!
  return ` in line ${found[2]!}${at === file ? '' : ` of '${at}'`}`
}

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
  const [first] = message.split('\nRequire stack:')
  return first === `Cannot find module '${file}'` || code === 'ENOENT' ? 'there is no such file' : first!
}

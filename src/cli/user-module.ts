// Modules of the user's own: connectors, and functions that derive tables. What came with a repository must never decide
// which code runs here: only the command line and the environment name one.

/** What it exports, ECMAScript module or CommonJS. @throws whatever is wrong with it */
export function loadModule(file: string): Readonly<Record<string, unknown>> {
  // Loaded on use: few have any.
  const { createRequire } = process.getBuiltinModule('node:module')
  const exported: unknown = createRequire(file)(file)
  return typeof exported === 'object' && exported !== null ? { ...exported } : {}
}

// Runs the benchmarks of the built product: `node bench/run.js [name…] [--rounds N] [--large]`. Names: startup, table,
// files, large-file, history, merge, remotes, links, link-copies, file-links, memory, follow, transactions, derive, sql; without one,
// all of them. Run `npm run build` first. VARVE_BENCH_DIR says where to work; --large adds the largest table to 'merge'.
const names = [
  'startup',
  'table',
  'files',
  'large-file',
  'history',
  'merge',
  'remotes',
  'links',
  'link-copies',
  'file-links',
  'memory',
  'follow',
  'transactions',
  'derive',
  'sql',
]
const args = process.argv.slice(2)
const at = args.indexOf('--rounds')
const rounds = at === -1 ? null : Number(args.splice(at, 2)[1])
const largeAt = args.indexOf('--large')
const large = largeAt !== -1 && args.splice(largeAt, 1).length > 0
const unknown = args.filter((name) => !names.includes(name))
if (unknown.length > 0 || (rounds !== null && !(Number.isInteger(rounds) && rounds > 0))) {
  console.error(`usage: node bench/run.js [${names.join('|')}] [--rounds N] [--large]`)
  process.exit(2)
}
for (const name of args.length > 0 ? args : names) {
  const { bench } = await import(`./${name}.js`)
  await bench(rounds ?? (name === 'large-file' ? 1 : 3), { large })
}

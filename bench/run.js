// Runs the benchmarks of the built product: `node bench/run.js [name…] [--rounds N]`. Names: startup, table, files,
// large-file, history; without one, all of them. Run `npm run build` first. VARVE_BENCH_DIR says where to work.
const names = ['startup', 'table', 'files', 'large-file', 'history']
const args = process.argv.slice(2)
const at = args.indexOf('--rounds')
const rounds = at === -1 ? null : Number(args.splice(at, 2)[1])
const unknown = args.filter((name) => !names.includes(name))
if (unknown.length > 0 || (rounds !== null && !(Number.isInteger(rounds) && rounds > 0))) {
  console.error(`usage: node bench/run.js [${names.join('|')}] [--rounds N]`)
  process.exit(2)
}
for (const name of args.length > 0 ? args : names) {
  const { bench } = await import(`./${name}.js`)
  bench(rounds ?? (name === 'large-file' ? 1 : 3))
}

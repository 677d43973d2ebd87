// For a process that goes on for weeks. V8 collects its old objects only when they are up to four times what the last
// collection left, and lets its young generation grow to 48 MB; the buffers that hang on them lie outside its heap
// meanwhile. Round upon round over a million rows took 390 MB so, and takes 240, for a fifth of processor time more.
// These two options of a running process do as much (bench/README.md); what else helps must be there when it starts.

/** How much more than it left may come before the next collection. */
const growthPercent = 50

export async function keepHeapSmall(): Promise<void> {
  const { setFlagsFromString } = await import('node:v8')
  setFlagsFromString('--optimize-for-size')
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`)
}

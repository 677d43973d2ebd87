// For a process that goes on for weeks. V8 collects its old objects only when they are up to four times what the last
// collection left, and the buffers that hang on them lie outside its heap meanwhile: round upon round over a million rows
// took 390 MB so, and takes 320 to 340, for a tenth of processor time more. No option of a running process does as much
// but for this one; what else helps must be in its environment (docs/LINKS.md).

/** How much more than it left may come before the next collection. */
const growthPercent = 50

export async function keepHeapSmall(): Promise<void> {
  const { setFlagsFromString } = await import('node:v8')
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`)
}

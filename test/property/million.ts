// A million random merges against the model (`npm run test:merges -- [COUNT] [SEED]`), in one plain process: bundled and
// started by bench/random-merges.js. Prints its seed, and every disagreement with the number that makes it again.
import { Bench } from '../merge/bench.ts'
import { disagreements, mergesInFamily, randomFamily } from './random-merges.ts'

const familiesInStore = 20
const faultsMax = 10

export async function runMerges(
  count: number,
  seed: number,
  print: (line: string) => void,
): Promise<{ readonly merges: number; readonly faults: number }> {
  const families = Math.ceil(count / mergesInFamily)
  let bench = new Bench()
  let faults = 0
  let done = 0
  for (; done < families && faults < faultsMax; done++) {
    if (done % familiesInStore === 0) bench = new Bench()
    if (done > 0 && done % 5000 === 0) print(`${done * mergesInFamily} merges, ${faults} disagreements`)
    for await (const fault of disagreements(bench, randomFamily(seed + done))) {
      faults++
      print(`seed ${seed + done}: ${fault}`)
    }
  }
  return { merges: done * mergesInFamily, faults }
}

// The README's transcript: real commands on real data (fixtures/), in a temporary folder that is removed afterwards.
// The clock and the author are set, so that every run prints the same, ids included; test/cli/readme.test.ts compares.
const { spawnSync } = require('node:child_process')
const { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')

const root = path.dirname(__dirname)

const steps = [
  '# Make a folder a repository, and a CSV file a table',
  'varve init countries',
  'cd countries',
  'varve config --global user.name "Ada Lovelace"',
  'varve config --global user.email ada@example.org',
  'cp ../fixtures/country-data/0.0.24/countries.csv .',
  'varve track countries.csv --key alpha2',
  'varve add .',
  'varve commit -m "Countries, release 0.0.24"',
  '# The next release renames two rows and moves them: two cells, not four lines',
  'cp ../fixtures/country-data/0.0.26/countries.csv .',
  'varve diff',
  'varve commit -am "Release 0.0.26"',
  '# Upstream corrects codes on a branch, while main corrects names in the same rows',
  'varve switch -c upstream',
  'cp ../fixtures/country-data/0.0.28/countries.csv .',
  'varve commit -am "Release 0.0.28"',
  'varve switch main',
  "sed 's/ And / and /' countries.csv > corrected && mv corrected countries.csv",
  'varve commit -am "Write and in small letters"',
  '# A merge by line would stop at Trinidad and Tobago; this one looks at cells',
  'varve merge upstream',
  "varve cat HEAD:countries.csv | grep '^Trinidad'",
  '# Both sides change one cell, and upstream adds a column to every row',
  "sed '/(British)/s/ISV/BVI/' countries.csv > corrected && mv corrected countries.csv",
  'varve commit -am "Correct the code of the British Virgin Islands"',
  'varve switch upstream',
  'cp ../fixtures/country-data/0.0.30/countries.csv .',
  'varve commit -am "Release 0.0.30: flags"',
  'varve switch main',
  'varve merge upstream',
  'varve conflicts',
  'varve resolve countries.csv --key VG --column ioc --theirs',
  'varve merge --continue',
  'varve status',
  '# Share it: a remote is a folder (or a server)',
  'varve remote add origin ../hub',
  'varve push -u origin main',
  'varve clone ../hub ../colleague',
  'cd ../colleague',
  'varve config user.name "Grace Hopper"',
  'varve config user.email grace@example.org',
  `sed 's/"Macedonia, [^"]*"/North Macedonia/' countries.csv > corrected && mv corrected countries.csv`,
  'varve diff',
  'varve commit -am "Macedonia has a new name"',
  'varve push',
  'cd ../countries',
  'varve pull',
  '# Look back, and take back',
  'varve log --graph --oneline',
  'varve diff HEAD~1 --stat',
  'varve log countries.csv --key VG --column ioc --oneline',
  'varve undo',
  'varve log --oneline -1',
  'varve fsck',
]

/** Runs the tour and hands each piece of the transcript to `print` as it comes. */
function tour(print) {
  const folder = mkdtempSync(path.join(tmpdir(), 'varve-tour-'))
  try {
    symlinkSync(path.join(root, 'fixtures'), path.join(folder, 'fixtures'))
    mkdirSync(path.join(folder, 'bin'))
    const command = path.join(folder, 'bin/varve')
    writeFileSync(
      command,
      `#!/bin/sh\nexec '${process.execPath}' '${path.join(root, 'bin/varve.js')}' "$@"\n`,
    )
    chmodSync(command, 0o755)
    let at = folder
    let timeSeconds = Date.UTC(2026, 10, 23, 9) / 1000
    for (const step of steps) {
      if (step.startsWith('# ')) {
        print(`\n${step}\n`)
        continue
      }
      print(`$ ${step}\n`)
      if (step.startsWith('cd ')) {
        at = path.join(at, step.slice(3))
        continue
      }
      timeSeconds += 60
      print(runStep(step, at, folder, timeSeconds))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function runStep(step, cwd, folder, timeSeconds) {
  const { stdout, error, status } = spawnSync('sh', ['-c', `{ ${step}; } 2>&1`], {
    cwd,
    encoding: 'utf8',
    env: {
      PATH: `${path.join(folder, 'bin')}${path.delimiter}${process.env.PATH}`,
      HOME: folder,
      LC_ALL: 'C.UTF-8',
      TZ: 'UTC',
      NO_COLOR: '1',
      VARVE_CONFIG: path.join(folder, 'config.json'),
      VARVE_AUTHOR_DATE: `${timeSeconds} +0000`,
    },
  })
  if (error !== undefined) throw error
  // 21: the tour shows a conflict.
  if (status !== 0 && status !== 21) throw new Error(`'${step}' exited with ${status}: ${stdout}`)
  return stdout
}

if (require.main === module) tour((text) => process.stdout.write(text))

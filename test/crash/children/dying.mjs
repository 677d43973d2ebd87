// Loaded before a command (`node --import`): the process kills itself with -9 right before the n-th change that it makes to the
// file system, VARVE_TEST_DIE_AT. One that gets through writes how many there were into VARVE_TEST_COUNT_FILE.
import fs from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const at = Number(process.env.VARVE_TEST_DIE_AT)
const countFile = process.env.VARVE_TEST_COUNT_FILE
// Processes that the command starts live on.
delete process.env.NODE_OPTIONS
const { writeFileSync } = fs
let calls = 0

function replace(module, names, changes = () => true) {
  for (const name of names) {
    const real = module[name]
    module[name] = (...given) => {
      if (changes(...given) && ++calls === at) process.kill(process.pid, 'SIGKILL')
      return real(...given)
    }
  }
}

const opensForWriting = (_path, flags) => flags !== undefined && flags !== 'r' && flags !== 0
replace(fs, ['openSync', 'open'], opensForWriting)
replace(promises, ['open'], opensForWriting)
replace(fs, ['write', 'fsync', 'fdatasync', 'rename', 'link', 'unlink', 'mkdir'])
replace(
  fs,
  'writeSync,writeFileSync,fsyncSync,fdatasyncSync,renameSync,linkSync,unlinkSync,rmSync,rmdirSync,mkdirSync,symlinkSync'.split(
    ',',
  ),
)
replace(promises, 'rename,link,unlink,rm,mkdir,writeFile,copyFile,symlink'.split(','))
syncBuiltinESMExports()
process.on('exit', () => writeFileSync(countFile, String(calls)))

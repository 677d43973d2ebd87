// Many small files in folders of a hundred: recorded, looked over, one of them changed, and brought to another folder.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFiles } from '../files.js'

const changed = join('data', 'part-0000', 'item-7.json')

/** @param {number} fileCount a multiple of 100 @returns {{ title: string, steps: import('../peers.js').Step[] }} */
export function filesJob(fileCount) {
  /** @param {string} message */
  const git = (message) => `git add -A; git commit -qm ${message}`
  /** @param {string} message */
  const dvc = (message) => `dvc add -q data; git add -A; git commit -qm ${message}`
  return {
    title: `${fileCount} small files`,
    steps: [
      {
        name: 'first version',
        before: (dir) => writeFiles(dir, fileCount / 100),
        scripts: {
          varve: 'varve init -q; varve add .; varve commit -qm first',
          git: `git init -q -b main; ${git('first')}`,
          lfs: `git init -q -b main; git lfs install >/dev/null; git lfs track 'data/**' >/dev/null; ${git('first')}`,
          dvc: `git init -q -b main; dvc init -q; ${dvc('first')}`,
        },
      },
      {
        name: 'status, nothing changed',
        scripts: { varve: 'varve status', git: 'git status', lfs: 'git status', dvc: 'dvc status' },
      },
      {
        name: 'one file changed: a second version',
        before: (dir) => writeFileSync(join(dir, changed), '{"changed": true}\n'),
        scripts: {
          varve: 'varve commit -qam second',
          git: git('second'),
          lfs: git('second'),
          dvc: dvc('second'),
        },
      },
      {
        name: 'what has changed',
        scripts: {
          varve: 'varve diff --stat HEAD~1..HEAD',
          git: 'git diff --stat HEAD~1..HEAD',
          lfs: 'git diff --stat HEAD~1..HEAD',
          dvc: 'dvc diff HEAD~1 HEAD',
        },
      },
      {
        name: 'a push to an empty folder',
        scripts: {
          varve: 'varve remote add origin ../remote; varve push -q -u origin main',
          git: 'git init -q --bare -b main ../remote; git remote add origin ../remote; git push -q -u origin main',
          lfs: 'git init -q --bare -b main ../remote; git remote add origin ../remote; git push -q -u origin main',
          dvc: `git init -q --bare -b main ../remote; git remote add origin ../remote; dvc remote add -q -d data ../store;
            git commit -qam remote; git push -q -u origin main; dvc push -q`,
        },
      },
      {
        name: 'a clone of it',
        scripts: {
          varve: 'varve clone -q ../remote ../copy',
          git: 'git clone -q ../remote ../copy',
          lfs: 'git clone -q ../remote ../copy',
          dvc: 'git clone -q ../remote ../copy; cd ../copy; dvc pull -q',
        },
      },
    ],
  }
}

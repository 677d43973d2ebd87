// A folder of CSV files keeps the contracts of connectors and links, while another program writes to it.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { connectorContract } from '../../src/contract/connector.ts'
import { killedRoundsContract } from '../../src/contract/killed-rounds.ts'
import { linkFaultsContract } from '../../src/contract/link-faults.ts'
import { linkMasksContract } from '../../src/contract/link-masks.ts'
import { linkContract } from '../../src/contract/links.ts'
import { temporaryDir } from '../support/temporary.ts'
import { type TextFiles, filesFixture } from './files-fixture.ts'

const fixture = filesFixture('A folder of CSV files', '', () => {
  const dir = temporaryDir()
  let count = 0
  return Promise.resolve({
    stop: () => Promise.resolve(),
    fresh() {
      const folder = path.join(dir, `drop ${++count}`)
      fs.mkdirSync(folder)
      return Promise.resolve(textFiles(folder))
    },
  })
})

/** Under another name first, and then in the place of the old one, as programs should. */
function textFiles(folder: string): TextFiles {
  const read = (name: string): string => fs.readFileSync(path.join(folder, name), 'utf8')
  return {
    url: `${pathToFileURL(folder).href.replace('file:', 'folder:')}?settle=0`,
    read: (name) => Promise.resolve(read(name)),
    backup() {
      const saved = `${folder}.backup`
      fs.cpSync(folder, saved, { recursive: true })
      return Promise.resolve(() => {
        for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name))
        fs.cpSync(saved, folder, { recursive: true })
        return Promise.resolve()
      })
    },
    change(name, change) {
      const place = path.join(folder, name)
      fs.writeFileSync(`${place}.part`, change(fs.existsSync(place) ? read(name) : null))
      fs.renameSync(`${place}.part`, place)
      return Promise.resolve()
    },
  }
}

connectorContract(fixture)
linkContract(fixture)
linkMasksContract(fixture)
killedRoundsContract(fixture)
linkFaultsContract(fixture)

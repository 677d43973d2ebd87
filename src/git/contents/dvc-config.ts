// The folders that DVC's settings name: those of its cache, and of remotes that are folders. The settings are an INI file
// whose sections may be in quotes: ['remote "storage"'].
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { firstFile } from './stored-file.ts'

const configBytesMax = 1 << 20

/** `dvc`: a folder `.dvc`, which need not be there. The cache comes first; paths in settings are relative to it. */
export function dvcPlaces(dvc: string): string[] {
  if (fs.lstatSync(dvc, { throwIfNoEntry: false })?.isDirectory() !== true) return []
  const settings = ['config.local', 'config'].flatMap((name) => settingsIn(path.join(dvc, name)))
  const cache = settings.find(({ section, key }) => section === 'cache' && key === 'dir')?.value ?? 'cache'
  const remotes = settings
    .filter(({ section, key }) => key === 'url' && /^remote\s/.test(section))
    .flatMap(({ value }) => folderOf(value) ?? [])
  return [cache, ...remotes].map((place) => path.resolve(dvc, place))
}

/** The folder that a URL names; null when it is not a folder of this machine. */
function folderOf(url: string): string | null {
  if (!/^[a-z][a-z0-9+.-]+:/i.test(url)) return url
  try {
    return fileURLToPath(url)
  } catch {
    return null
  }
}

interface Setting {
  readonly section: string
  readonly key: string
  readonly value: string
}

function settingsIn(file: string): Setting[] {
  if (firstFile([file]) === null || fs.statSync(file).size > configBytesMax) return []
  const settings: Setting[] = []
  let section = ''
  for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
    const head = /^\s*\[(.+)\]\s*(?:#.*)?$/.exec(line)?.[1]
    if (head !== undefined) section = unquoted(head)
    const [, key, value] = /^\s*([^#=[]+?)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (key !== undefined) settings.push({ section, key, value: unquoted(value!) })
  }
  return settings
}

/** The value without quotes. One without quotes ends at a comment. */
function unquoted(text: string): string {
  return /^\s*(['"])(.*)\1\s*(?:#.*)?$/.exec(text)?.[2] ?? text.replace(/\s+#.*$/, '').trim()
}

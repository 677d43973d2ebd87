// Makes calls of node:fs fail, as a kill, a power cut or a full disk would. The store calls `fs` through its module
// object, so replacing the functions there is enough.
import fs from 'node:fs'
import path from 'node:path'

const replaced = {
  openSync: fs.openSync,
  write: fs.write,
  writev: fs.writev,
  writeFileSync: fs.writeFileSync,
  fsync: fs.fsync,
  fdatasync: fs.fdatasync,
  renameSync: fs.renameSync,
  link: fs.link,
  linkSync: fs.linkSync,
  copyFileSync: fs.copyFileSync,
  unlinkSync: fs.unlinkSync,
  rmSync: fs.rmSync,
  mkdirSync: fs.mkdirSync,
  utimesSync: fs.utimesSync,
}
const real = { ...fs }

type Callback = (error: Error | null, count?: number) => void

/** Called before each change of the file system; throws to make it fail. For a write, how many bytes to let through. */
export type Fault = (call: string, target: string) => { shortWrite: number } | undefined

export class Faults {
  calls = 0
  readonly #paths = new Map<number, string>()
  /** Names that exist but would not after a power cut, and files whose bytes would not. */
  readonly #volatileNames = new Set<string>()
  readonly #volatileBytes = new Set<string>()
  /** What stood under a name that was given to another file. */
  readonly #replaced = new Map<string, Uint8Array>()

  install(fault: Fault): void {
    const before = (call: string, target: string): { shortWrite: number } | undefined => {
      this.calls++
      return fault(call, target)
    }
    const answered = (done: Callback, work: () => number | undefined): void => {
      setImmediate(() => {
        try {
          done(null, work())
        } catch (error) {
          done(error as Error)
        }
      })
    }
    Object.assign(fs, {
      openSync: (file: string, flags: string, mode?: number) => {
        if (flags !== 'r') before('create', file)
        const fd = real.openSync(file, flags, mode)
        this.#paths.set(fd, file)
        if (flags !== 'r') this.#added(file)
        return fd
      },
      write: (
        fd: number,
        bytes: Uint8Array,
        offset: number,
        length: number,
        position: number,
        done: Callback,
      ) => {
        answered(done, () => {
          this.#volatileBytes.add(this.#paths.get(fd)!)
          const short = before('write', this.#paths.get(fd)!)
          return real.writeSync(fd, bytes, offset, Math.min(length, short?.shortWrite ?? length), position)
        })
      },
      writev: (fd: number, parts: readonly Uint8Array[], position: number, done: Callback) => {
        answered(done, () => {
          this.#volatileBytes.add(this.#paths.get(fd)!)
          const short = before('write', this.#paths.get(fd)!)
          const bytes = Buffer.concat(parts)
          return real.writeSync(
            fd,
            bytes,
            0,
            Math.min(bytes.length, short?.shortWrite ?? bytes.length),
            position,
          )
        })
      },
      fsync: (fd: number, done: Callback) => {
        answered(done, () => {
          const target = this.#paths.get(fd)!
          before('fsync', target)
          real.fsyncSync(fd)
          if (!real.fstatSync(fd).isDirectory()) this.#volatileBytes.delete(target)
          else
            for (const name of this.#volatileNames)
              if (path.dirname(name) === target) this.#volatileNames.delete(name)
          return undefined
        })
      },
      fdatasync: (fd: number, done: Callback) => {
        answered(done, () => {
          before('fsync', this.#paths.get(fd)!)
          real.fdatasyncSync(fd)
          this.#volatileBytes.delete(this.#paths.get(fd)!)
          return undefined
        })
      },
      writeFileSync: (file: string, bytes: string | Uint8Array, options: fs.WriteFileOptions) => {
        before('write', file)
        real.writeFileSync(file, bytes, options)
        this.#added(file)
      },
      linkSync: (from: string, to: string) => {
        before('link', to)
        real.linkSync(from, to)
        this.#moved(from, to)
      },
      copyFileSync: (from: string, to: string, mode?: number) => {
        before('copy', to)
        real.copyFileSync(from, to, mode)
        this.#added(to)
      },
      rmSync: (file: string, options: fs.RmOptions) => {
        before('rm', file)
        real.rmSync(file, options)
      },
      renameSync: (from: string, to: string) => {
        before('rename', to)
        if (real.existsSync(to) && !this.#volatileNames.has(to)) this.#replaced.set(to, real.readFileSync(to))
        real.renameSync(from, to)
        this.#moved(from, to)
      },
      link: (from: string, to: string, done: Callback) => {
        answered(done, () => {
          before('link', to)
          real.linkSync(from, to)
          this.#moved(from, to)
          return undefined
        })
      },
      unlinkSync: (file: string) => {
        before('unlink', file)
        real.unlinkSync(file)
        this.#volatileNames.delete(file)
      },
      utimesSync: (file: string, accessed: Date, modified: Date) => {
        before('utimes', file)
        real.utimesSync(file, accessed, modified)
      },
      mkdirSync: (dir: string, options: fs.MakeDirectoryOptions) => {
        before('mkdir', dir)
        return real.mkdirSync(dir, options)
      },
    })
  }

  uninstall(): void {
    Object.assign(fs, replaced)
  }

  /** What a power cut leaves: nothing that was not flushed. */
  cutPower(): void {
    for (const file of this.#volatileBytes) {
      if (real.existsSync(file)) real.truncateSync(file, Math.floor(real.statSync(file).size / 2))
    }
    for (const file of this.#volatileNames) {
      real.rmSync(file, { force: true })
      const before = this.#replaced.get(file)
      if (before !== undefined && real.existsSync(path.dirname(file))) real.writeFileSync(file, before)
    }
  }

  #added(file: string): void {
    this.#volatileNames.add(file)
    this.#volatileBytes.add(file)
  }

  #moved(from: string, to: string): void {
    this.#volatileNames.add(to)
    if (this.#volatileBytes.has(from)) this.#volatileBytes.add(to)
  }
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code })
}

// A real RabbitMQ for tests, whose user 'ada' has the password 'a password'. Where it is not installed tests say so in their
// names.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { type Broker, startBroker } from './brokers.ts'
import { freePort } from './free-port.ts'

// Debian's script in the path would change the user.
const program = '/usr/lib/rabbitmq/bin/rabbitmq-server'
const controller = '/usr/lib/rabbitmq/bin/rabbitmqctl'
export const hasRabbit: boolean = fs.existsSync(program)
export const withoutRabbit: string = hasRabbit ? '' : ' (skipped: rabbitmq-server is not installed)'
export const rabbitStartMsMax = 240_000

export interface Rabbit extends Broker {
  /** As rabbitmqctl. */
  control(...words: string[]): Promise<void>
}

/** With its own port mapper of Erlang, which is ended with it. `settings`: of its listeners, in place of a plain one. */
export async function startRabbit(settings?: (port: number) => string): Promise<Rabbit> {
  const [distribution, mapper] = [await freePort(), await freePort()]
  const mapperAt = {
    ERL_EPMD_PORT: `${mapper}`,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // It ends when it is told to, though the killed broker is not struck off its list yet.
    ERL_EPMD_RELAXED_COMMAND_CHECK: 'true',
  }
  const broker = await startBroker(
    {
      program,
      args: (port, dir) => {
        fs.writeFileSync(
          `${dir}/rabbitmq.conf`,
          `${settings?.(port) ?? `listeners.tcp.local = 127.0.0.1:${port}`}\ndefault_user = ada\ndefault_pass = a password\nlog.file = false\nlog.console = false\n`,
        )
        return []
      },
      env: (port, dir) => ({
        ...mapperAt,
        RABBITMQ_NODENAME: `varve${port}@localhost`,
        RABBITMQ_DIST_PORT: `${distribution}`,
        RABBITMQ_MNESIA_BASE: `${dir}/mnesia`,
        RABBITMQ_LOG_BASE: `${dir}/log`,
        RABBITMQ_CONFIG_FILE: `${dir}/rabbitmq.conf`,
        RABBITMQ_ENABLED_PLUGINS_FILE: `${dir}/plugins`,
      }),
    },
    rabbitStartMsMax,
  )
  return {
    ...broker,
    async control(...words) {
      const env = { PATH: process.env['PATH'], HOME: broker.dir, ...mapperAt }
      const child = spawn(controller, ['-n', `varve${broker.port}@localhost`, ...words], {
        env,
        stdio: 'ignore',
      })
      const [code] = (await once(child, 'close')) as [number | null]
      if (code !== 0) throw new Error(`rabbitmqctl ${words.join(' ')} ends with ${code}`)
    },
    async stop() {
      await broker.stop()
      spawnSync('epmd', ['-port', `${mapper}`, '-kill'], { stdio: 'ignore' })
    },
  }
}

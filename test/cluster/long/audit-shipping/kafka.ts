import { spawnSync } from 'child_process';
import { mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { freePort, Restartable } from './processes';
import { eventually, must } from '../../lab/process';

const BUILD = 20 * 60_000;

/** Kafka is a program of the Java machine, fetched by Maven. */
export const canRunKafka = spawnSync('sh', ['-c', 'java -version && mvn -version'], { stdio: 'ignore' }).status === 0;
export const WHY_NO_KAFKA = 'needs Java 17 and Maven';

/** A broker of one node, its own controller, on the loopback. */
export class Kafka {
  public static async in(folder: string): Promise<Kafka> {
    mkdirSync(folder, { recursive: true });
    const build = join(__dirname, '..', '..', '..', '..', 'tools', 'kafka', 'build.sh');
    const classes = `${(await must(build, [], { env: process.env, timeout: BUILD })).trim()}/*`;
    const [port, controller] = [await freePort(), await freePort()];
    const settings = {
      'process.roles': 'broker,controller',
      'node.id': '1',
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      'listeners': `BROKER://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': `BROKER://127.0.0.1:${port}`,
      'inter.broker.listener.name': 'BROKER',
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'log.dirs': join(folder, 'data'),
      'offsets.topic.replication.factor': '1',
      'auto.create.topics.enable': 'false',
    };
    const file = join(folder, 'server.properties');
    writeFileSync(file, Object.entries(settings).map(([key, value]) => `${key}=${value}\n`).join(''));
    const kafka = new Kafka(folder, classes, port);
    await kafka.run('kafka.tools.StorageTool', ['format', '-t', 'AAAAAAAAAAAAAAAAAAAAAA', '-c', file]);
    return kafka;
  }

  public readonly address: string;
  public readonly broker: Restartable;

  private constructor(private readonly folder: string, private readonly classes: string, port: number) {
    this.address = `127.0.0.1:${port}`;
    this.broker = new Restartable('java', ['-Xmx256m', '-cp', classes, 'kafka.Kafka', join(folder, 'server.properties')], join(folder, 'broker.log'));
  }

  public async start(): Promise<void> {
    this.broker.start();
    await eventually('the broker to answer', async () => {
      this.broker.mustRun();
      return this.run('org.apache.kafka.tools.TopicCommand', ['--bootstrap-server', this.address, '--list']).then(() => true, () => undefined);
    }, 180_000);
  }

  public async topic(name: string): Promise<void> {
    await this.run('org.apache.kafka.tools.TopicCommand', ['--bootstrap-server', this.address, '--create', '--topic', name, '--partitions', '1', '--config', 'max.message.bytes=10485760']);
  }

  /** How many messages a topic of one partition has. */
  public async count(topic: string): Promise<number> {
    return Number(/:(\d+)\s*$/.exec(await this.run('org.apache.kafka.tools.GetOffsetShell', ['--bootstrap-server', this.address, '--topic', topic]))?.[1] ?? 0);
  }

  /** The messages of a topic of one partition, with their headers. */
  public async messages(topic: string): Promise<{ headers: string; value: string }[]> {
    const count = await this.count(topic);
    const text = await this.run('org.apache.kafka.tools.consumer.ConsoleConsumer', [
      '--bootstrap-server', this.address, '--topic', topic, '--partition', '0', '--offset', 'earliest', '--max-messages', String(count), '--timeout-ms', '60000', '--formatter-property', 'print.headers=true',
    ]);
    return text.split('\n').filter(line => line !== '').map(line => {
      const tab = line.indexOf('\t');
      return { headers: line.slice(0, tab), value: line.slice(tab + 1) };
    });
  }

  private run(program: string, args: string[]): Promise<string> {
    return must('java', ['-Xmx128m', '-cp', this.classes, program, ...args], { env: process.env, cwd: this.folder, timeout: 120_000 });
  }
}

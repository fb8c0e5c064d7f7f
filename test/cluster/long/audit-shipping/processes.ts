import { ChildProcess, spawn } from 'child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'fs';
import { createServer } from 'net';
import { join } from 'path';
import { parse } from 'yaml';
import { collectorConfig, CollectorInput } from '../../../../src/audit/shipping/collector-config';
import { Api } from '../../lab/api';
import { must } from '../../lab/process';

const ROOT = join(__dirname, '..', '..', '..', '..');
const BUILD = 20 * 60_000;

/** The collector, or the one that has the exporter for Splunk, built if it is not there. */
export async function theCollector(folder: 'otelcol' | 'otelcol-splunk' = 'otelcol'): Promise<string> {
  return (await must(join(ROOT, 'tools', folder, 'build.sh'), [], { env: process.env, timeout: BUILD })).trim();
}

/** promtool, and what Alertmanager makes of a time; built if they are not there. */
export async function thePrometheus(): Promise<{ promtool: string; muted: string }> {
  const folder = (await must(join(ROOT, 'tools', 'prometheus', 'build.sh'), [], { env: process.env, timeout: BUILD })).trim();
  return { promtool: join(folder, 'promtool'), muted: join(folder, 'muted') };
}

/**
 * A port that nobody listens on, and below those that the kernel gives to connections: what is killed and started again must
 * find its own port free.
 */
export function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  return new Promise((resolve, fail) => {
    const server = createServer()
      .on('error', (error: NodeJS.ErrnoException) => error.code === 'EADDRINUSE' ? freePort().then(resolve, fail) : fail(error))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(port)));
  });
}

/** What a collector for tests has in common: everything in one folder, on the loopback. */
export async function inputFor(folder: string, rest: Pick<CollectorInput, 'cluster' | 'logPath' | 'sinks'> & Partial<CollectorInput>): Promise<CollectorInput> {
  mkdirSync(folder, { recursive: true });
  const [metrics, own, health] = [await freePort(), await freePort(), await freePort()];
  return {
    drop: [],
    redact: [],
    access: [],
    windows: [],
    automation: [],
    sessionLimitSeconds: 3600,
    queueBytes: 256 * 1024 * 1024,
    stateFolder: join(folder, 'state'),
    host: '127.0.0.1',
    ports: { metrics, own, health },
    ...rest,
  };
}

/** A program that may be killed and started again. */
export class Restartable {
  private child?: ChildProcess;
  /** How often it was killed. */
  public kills = 0;

  public constructor(
    private readonly program: string, private readonly args: string[], private readonly log: string, private readonly env: NodeJS.ProcessEnv = {},
  ) {}

  public start(): void {
    const out = openSync(this.log, 'a');
    this.child = spawn(this.program, this.args, { stdio: ['ignore', out, out], env: { ...process.env, NODE_NAME: 'node-1', ...this.env } });
    closeSync(out);
  }

  public get pid(): number | undefined {
    return this.child?.exitCode === null && this.child.signalCode === null ? this.child.pid : undefined;
  }

  /** Fails, with what it said last, when it is not running. */
  public mustRun(): void {
    if (this.pid === undefined) throw new Error(`${this.program} ended by itself: ${readFileSync(this.log, 'utf8').split('\n').slice(-6).join('\n')}`);
  }

  /** Ends it at once, as a power cut would, or as it is asked to. */
  public async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.child;
    if (!child || this.pid === undefined) return;
    if (signal === 'SIGKILL') this.kills++;
    await new Promise<void>(resolve => {
      child.once('exit', () => resolve());
      child.kill(signal);
    });
  }
}

/** The configuration with an exporter that a test can read: OTLP over HTTP as JSON. */
export function readable(input: CollectorInput): any {
  const config = collectorConfig(input);
  for (const [id, exporter] of Object.entries<any>(config.exporters)) {
    if (id.startsWith('otlp_http/')) Object.assign(exporter, { encoding: 'json', compression: 'none' });
  }
  return config;
}

/** Lines of OTLP/JSON as records. */
export function recordsOf(text: string): { cluster: string; body: string; attributes: { [key: string]: any } }[] {
  const values = (list: any[] = []) => Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));
  return text.split('\n').filter(line => line !== '').flatMap(line => (JSON.parse(line).resourceLogs as any[]).flatMap(({ resource, scopeLogs }) => {
    const cluster = values(resource.attributes)['k8s.cluster.name'];
    const records = (scopeLogs as any[]).flatMap(({ logRecords }) => logRecords as any[]);
    return records.map(({ body, attributes }) => ({ cluster, body: body.stringValue, attributes: values(attributes) }));
  }));
}

/** The administrator of a control plane that up.sh booted. */
export function adminOf(lab: string): Api {
  const config = parse(readFileSync(join(lab, 'admin.kubeconfig'), 'utf8'));
  const { user } = config.users[0];
  for (const part of ['client-certificate', 'client-key']) {
    const file = join(lab, `admin-${part}.pem`);
    writeFileSync(file, Buffer.from(user[`${part}-data`], 'base64'), { mode: 0o600 });
    user[part] = file;
  }
  const kubeconfig = join(lab, 'admin.json');
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  return new Api({ kubeconfig } as any);
}

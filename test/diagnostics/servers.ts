import { ChildProcess, spawn } from 'child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { createServer, request, RequestListener, Server } from 'http';
import { AddressInfo, connect, createServer as createTcpServer } from 'net';
import { tmpdir } from 'os';
import { join } from 'path';

export const ASSETS = join(__dirname, '..', '..', 'assets', 'diagnostics');
/** A program of that folder, as a module. */
export const asset = (file: string): any => jest.requireActual(join(ASSETS, file));
export const TOKEN = 'a-token-of-a-test-that-is-long-enough';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: { [name: string]: string | string[] | undefined };
  /** Whether the answer ended as it should. */
  readonly whole: boolean;
}

/** A request whose path is sent as it is written. */
export function ask(port: number, path: string, { method = 'GET', headers = {} as { [name: string]: string } } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method, headers, agent: false }, answer => {
      let text = '';
      const end = (whole: boolean) => resolve({ status: answer.statusCode!, text, headers: answer.headers, whole });
      answer.setEncoding('latin1').on('data', piece => { text += piece; }).on('end', () => end(answer.complete)).on('error', () => end(false));
    }).on('error', reject).end();
  });
}

/** Bytes as they are, for what no client would send. */
export function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', data => { answer += data; }).on('close', () => resolve(answer)).on('error', reject);
  });
}

const listening = (server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown }, host = '127.0.0.1', port = 0) =>
  new Promise<number>(resolve => server.listen(port, host, () => resolve((server.address() as AddressInfo).port)));

/** An application on loopback, which remembers what it was asked. */
export class Application {
  public asked: { method: string; url: string; headers: { [name: string]: unknown } }[] = [];
  public port = 0;
  private readonly server: Server = createServer((req, res) => {
    this.asked.push({ method: req.method!, url: req.url!, headers: req.headers });
    this.listener(req, res);
  });

  public listener: RequestListener = (_, response) => response.end('ok');

  /** On a loopback address, so that several are at one port as pods are. */
  public async listen(host = '127.0.0.1', port = 0): Promise<this> {
    this.port = await listening(this.server, host, port);
    return this;
  }

  public close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listening(server);
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** One of the programs as its container starts it. */
export class Program {
  public output = '';
  private readonly folder = mkdtempSync(join(tmpdir(), 'diagnostics-'));
  private child?: ChildProcess;

  public constructor(private readonly file: string) {}

  public get tokenFile(): string {
    return join(this.folder, 'token');
  }

  /** A line of its log, once it is there. */
  public async line(wanted: (line: any) => boolean): Promise<any> {
    for (let tries = 0; tries < 100; tries++) {
      const found = this.output.split('\n').slice(0, -1).map(line => JSON.parse(line)).find(wanted);
      if (found) return found;
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    throw new Error(`not in the log:\n${this.output}`);
  }

  /** Started, and answering at the port. */
  public async start(config: object, port: number): Promise<void> {
    writeFileSync(this.tokenFile, `${TOKEN}\n`);
    writeFileSync(join(this.folder, 'config.json'), JSON.stringify(config));
    this.child = spawn(process.execPath, [join(ASSETS, this.file), join(this.folder, 'config.json')], { env: { POD_NAME: 'ledger-0' }, stdio: ['ignore', 'pipe', 'inherit'] });
    this.child.stdout!.on('data', data => { this.output += data; });
    for (let tries = 0; ; tries++) {
      try {
        await ask(port, '/healthz');
        return;
      } catch (error) {
        if (tries > 200) throw error;
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    }
  }

  public token(text: string): void {
    writeFileSync(this.tokenFile, text);
  }

  /** Ends it as Kubernetes does; returns its exit status. */
  public async stop(): Promise<number | null> {
    const { child } = this;
    if (!child) return null;
    const status = child.exitCode ?? await new Promise<number | null>(resolve => {
      child.on('exit', resolve);
      child.kill('SIGTERM');
    });
    rmSync(this.folder, { recursive: true, force: true });
    return status;
  }
}

import { spawn } from 'child_process';
import { mkdtempSync, rmSync } from 'fs';
import { connect, createServer } from 'net';
import { tmpdir } from 'os';
import * as path from 'path';
import { AUTHORITY, checkFolder, drop, folders, KUBECONFIG, PAIR, put, root } from './folder';
import { Held, heldIn, InToken } from './held';
import { inFile, kubeconfigText, time } from './kubeconfig';
import { loopbackPair } from './loopback-pair';
import { tokenPin } from './pin';
import { readPkcs11Uri } from './pkcs11-uri';
import { refused, wrongUse } from '../../errors';
import { Io } from '../../io';
import { duration, plain, word } from '../../text';

interface ProxyOptions {
  readonly namespace?: string;
  readonly out?: string;
  readonly pinFile?: string;
}

const PROGRAM = 'stunnel';
/** The pair by which kubectl and the proxy know each other. */
const LOOPBACK = 'loopback.pem';
const MINUTE = 60_000;
const POLL = 100;

/**
 * Lets kubectl use a key that stays in its token: stunnel on loopback signs by it. Only who can read a file of the caller's gets
 * in, for the loopback port wants a certificate that was made for this run. Until Ctrl-C, or the end of the certificate.
 */
export async function certificateProxy(io: Io, options: ProxyOptions): Promise<number> {
  const { held, token } = theOne(io, options.out);
  const { folder } = held;
  checkFolder(folder);
  const left = held.notAfter.getTime() - Date.now();
  if (left <= 0) refused(`The certificate ended at ${time(held.notAfter)}. Fix: secure-debug cert request --pkcs11 ${word(plain(token.pkcs11))}.`);
  if (token.proxy !== undefined) refused('The API server is behind a proxy (proxy-url), which stunnel does not speak to. Fix: use a network that reaches it.');
  const uri = readPkcs11Uri(token.pkcs11, io.env);
  const pin = await tokenPin(io, uri, options.pinFile);

  const port = await freePort();
  const { pair, certificate } = loopbackPair(new Date(Date.now() - MINUTE), new Date(held.notAfter.getTime() + MINUTE));
  const local = { server: `https://127.0.0.1:${port}`, authority: certificate };
  const { label, namespace } = { ...token, ...options.namespace !== undefined && { namespace: options.namespace } };
  const text = kubeconfigText({ endpoint: local, holder: held, label, namespace, credentials: inFile(LOOPBACK) });
  // The path of a socket is short, and nobody else enters this folder.
  const sockets = mkdtempSync(path.join(tmpdir(), 'secure-debug-'));
  const clear = () => {
    drop(folder, LOOPBACK);
    drop(folder, KUBECONFIG);
    rmSync(sockets, { recursive: true, force: true });
  };
  process.on('exit', clear);
  try {
    put(folder, LOOPBACK, pair, io.unique());
    put(folder, KUBECONFIG, text, io.unique());
    const socket = path.join(sockets, 'socket');
    const server = new URL(token.server);
    return await run(io, configuration({ folder, port, socket, server, serverName: token.serverName, uri, pin }), port, left, [
      `kubectl has the key in the token, until Ctrl-C or ${time(held.notAfter)} (${duration(left / 1_000)} left). In another terminal:`,
      `  export KUBECONFIG=${word(plain(path.join(folder, KUBECONFIG)))}`,
    ]);
  } finally {
    process.off('exit', clear);
    clear();
  }
}

/** The certificate that is meant: that of a folder, or the only one whose key is in a token. */
function theOne(io: Io, out: string | undefined): { held: Held; token: InToken } {
  const found = (out === undefined ? folders(io) : [path.resolve(out)]).map(heldIn).flatMap(held => typeof held === 'object' && held.token ? [{ held, token: held.token }] : []);
  if (found.length > 1) wrongUse(`Several certificates have their key in a token. Fix: name the folder of one with --out: ${found.map(({ held }) => plain(held.folder)).join(', ')}.`);
  return found[0] ?? wrongUse(`${plain(out ?? root(io))} has no certificate whose key is in a token. Fix: secure-debug cert request --pkcs11 URI; one in a file needs no proxy.`);
}

interface Settings {
  readonly folder: string;
  readonly port: number;
  readonly socket: string;
  readonly server: URL;
  readonly serverName?: string;
  readonly uri: ReturnType<typeof readPkcs11Uri>;
  readonly pin: string;
}

/** @see https://www.stunnel.org/static/stunnel.html */
export function configuration({ folder, port, socket, server, serverName, uri, pin }: Settings): string {
  const host = server.hostname.replace(/^\[|\]$/g, '');
  const name = serverName ?? host;
  const isAddress = /^[\d.]+$|:/.test(name);
  const lines = [
    'foreground = quiet', 'pid =', 'debug = warning', 'engine = pkcs11', `engineCtrl = MODULE_PATH:${uri.module}`, `engineCtrl = PIN:${pin}`,
    '[kubectl]', `accept = 127.0.0.1:${port}`, `cert = ${path.join(folder, LOOPBACK)}`, `CAfile = ${path.join(folder, LOOPBACK)}`, 'verifyPeer = yes', 'sslVersionMin = TLSv1.2', `connect = ${socket}`,
    '[api-server]', 'client = yes', `accept = ${socket}`, 'engineId = pkcs11', `cert = ${path.join(folder, PAIR)}`, `key = ${uri.text.split('?')[0]}`,
    `CAfile = ${path.join(folder, AUTHORITY)}`, 'verifyChain = yes', 'sslVersionMin = TLSv1.2', `${isAddress ? 'checkIP' : 'checkHost'} = ${name}`,
    ...isAddress ? [] : [`sni = ${name}`], `connect = ${host}:${server.port || 443}`,
  ];
  const broken = lines.find(line => /[\n\r]/.test(line));
  if (broken !== undefined) wrongUse('A path, the URI or the PIN has a line end in it. Fix: take it out.');
  return `${lines.join('\n')}\n`;
}

/** Runs it; the configuration, which has the PIN in it, goes through a pipe and never to the disk. */
function run(io: Io, config: string, port: number, left: number, words: string[]): Promise<number> {
  return new Promise((resolve, fail) => {
    const child = spawn(PROGRAM, ['-fd', '0'], { env: io.env, stdio: ['pipe', 'ignore', 'pipe'] });
    const ended = setTimeout(() => child.kill(), left);
    let stopped = false;
    const stop = () => {
      stopped = true;
      child.kill();
    };
    const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    signals.forEach(signal => process.on(signal, stop));
    let said = '';
    child.stderr.setEncoding('utf8').on('data', text => { said = `${said}${text}`.slice(-4_000); });
    child.stdin.on('error', () => undefined);
    child.stdin.end(config);
    const settle = (act: () => unknown) => {
      clearTimeout(ended);
      over = true;
      signals.forEach(signal => process.off(signal, stop));
      try {
        act();
      } catch (error) {
        fail(error);
      }
    };
    // It says nothing when it is ready.
    let over = false;
    void listens(port, () => over).then(ready => ready && io.stdout.write(`${words.join('\n')}\n`));
    child.on('error', error => settle(() => refused(`${PROGRAM} cannot be run: ${(error as NodeJS.ErrnoException).code}. Fix: install it and the engine for tokens (on Debian: apt-get install stunnel4 libengine-pkcs11-openssl).`)));
    child.on('close', code => settle(() => {
      if (stopped || code === null) return resolve(0);
      if (/failed loading private key/.test(said)) return refused(`${PROGRAM} cannot use the key: the PIN is wrong, or the token is away or has no such key. Fix: try again; tokens lock themselves after a few wrong PINs.`);
      const [line = 'no reason is given'] = said.split('\n').filter(one => /LOG[0-3]|error/i.test(one)).slice(-2);
      return refused(`${PROGRAM} ended: ${plain(line.replace(/^.*LOG\d\[[^\]]*\]: /, ''))}. Fix: see that the token is there and the PIN is right.`);
    }));
  });
}

/** Waits until somebody answers on a port of this machine; false when that is over before. */
async function listens(port: number, isOver: () => boolean): Promise<boolean> {
  while (!isOver()) {
    const answered = await new Promise<boolean>(settle => {
      const socket = connect(port, '127.0.0.1', () => settle(true)).on('error', () => settle(false));
      socket.on('connect', () => socket.destroy());
    });
    if (answered) return !isOver();
    await new Promise(settle => setTimeout(settle, POLL));
  }
  return false;
}

function freePort(): Promise<number> {
  return new Promise((resolve, fail) => {
    const server = createServer().on('error', fail).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

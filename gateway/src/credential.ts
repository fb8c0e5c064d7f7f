import { createHash, createPrivateKey, randomBytes, X509Certificate } from 'crypto';
import { mkdirSync, readdirSync, rmSync } from 'fs';
import { connect, createServer } from 'net';
import { join } from 'path';
import { refuse, SessionError } from './errors';
import type { Person } from './person';

/** What somebody shows to the API server: a token, or a client certificate with its key. */
export interface Credential {
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** In the memory of the pod. There are sockets in it, and no credential: that is in the memory of the program that listens. */
const FOLDER = '/tmp/credentials';
const LONGEST = 64 * 1024;
/** A credential that nobody asks for is forgotten after so many milliseconds. */
const PATIENCE = 60_000;
/** What `secure-debug ssh open` waits for. */
const READY = 'ready\n';

/** Where it comes from, and where is said that it is held. */
interface Handover {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
}

/**
 * Takes a credential from standard input and gives it, once, to the next session of the same SSH certificate. It is kept in the
 * memory of this program alone, and forgotten when the connection that brought it ends.
 */
export async function handOver(person: Person, maxSeconds: number, { stdin, stdout }: Handover, folder = FOLDER): Promise<number> {
  const credential = parseCredential(await firstLine(stdin), maxSeconds);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const socket = join(folder, `${ownerOf(person)}.${randomBytes(8).toString('hex')}`);
  return new Promise((resolve, fail) => {
    let given = false;
    const server = createServer(peer => {
      peer.on('error', () => undefined);
      if (given) return void peer.destroy();
      given = true;
      peer.end(JSON.stringify(credential), () => end(() => resolve(0)));
      server.close();
    });
    const end = (settle: () => void) => {
      clearTimeout(timer);
      server.close();
      rmSync(socket, { force: true });
      stdin.off('end', gone).pause();
      settle();
    };
    const forget = (why: string) => end(() => fail(new SessionError(`${why}, so it was forgotten. Fix: connect with secure-debug ssh open, which hands it over and takes it.`)));
    const timer = setTimeout(() => forget(`Nobody asked for the credential in ${PATIENCE / 1000} s`), PATIENCE);
    const gone = () => forget('The connection that brought the credential ended');
    stdin.on('end', gone).resume();
    server.on('error', error => end(() => fail(error)));
    server.listen(socket, () => stdout.write(READY));
  });
}

/** The credential that the person handed over for this session. */
export async function fetchCredential(person: Person, maxSeconds: number, folder = FOLDER): Promise<Credential> {
  for (const name of own(person, folder)) {
    const text = await ask(join(folder, name));
    if (text !== '') return parseCredential(text, maxSeconds);
  }
  return refuse('The gateway has no credential of yours: it asks the API server by nothing else. Fix: connect with secure-debug ssh open, which hands yours over for the session.');
}

function own(person: Person, folder: string): string[] {
  try {
    return readdirSync(folder).filter(name => name.startsWith(`${ownerOf(person)}.`));
  } catch {
    return []; // nobody has handed over anything yet
  }
}

/** What a program that listens there holds; nothing if it has gone, or has given it away. */
function ask(socket: string): Promise<string> {
  return new Promise(resolve => {
    const parts: Buffer[] = [];
    connect(socket).on('data', part => parts.push(part)).on('error', () => resolve('')).on('close', () => resolve(Buffer.concat(parts).toString('utf8')));
  });
}

/** Of one SSH certificate: sshd has seen that whoever comes with it has its key. */
function ownerOf({ user, certificate: { fingerprint, serial } }: Person): string {
  return createHash('sha256').update(JSON.stringify([user, fingerprint, serial])).digest('hex').slice(0, 32);
}

function firstLine(stdin: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, fail) => {
    let text = '';
    const refused = (problem: string) => { settle(() => fail(new SessionError(`${problem}. Fix: connect with secure-debug ssh open, which hands over what your kubeconfig has.`))); };
    const settle = (act: () => void) => {
      stdin.off('data', take).off('end', ended).pause();
      act();
    };
    const ended = () => refused('No credential came');
    const take = (bytes: Buffer) => {
      text += bytes.toString('latin1');
      const end = text.indexOf('\n');
      if (text.length > LONGEST) refused('What came is too long for a credential');
      else if (end >= 0) settle(() => resolve(text.slice(0, end)));
    };
    stdin.on('data', take).on('end', ended).resume();
  });
}

/** Reads a credential, and refuses one that would outlive the session by much. Nothing of it is ever in a message. */
export function parseCredential(text: string, maxSeconds: number, now = Date.now()): Credential {
  const { token, certificate, key } = objectOf(text);
  const until = typeof token === 'string' ? endOfToken(token) : typeof certificate === 'string' && typeof key === 'string' ? endOfCertificate(certificate, key) : undefined;
  if (until === undefined || Number.isNaN(until)) {
    return refuse('Your credential does not say how long it is valid, or is none. Fix: log in with short tokens of OpenID Connect (secure-debug login), or with a client certificate for some minutes (secure-debug cert).');
  }
  if (until <= now) refuse('Your credential has expired. Fix: log in again.');
  if (until - now > maxSeconds * 1000) {
    refuse(`Your credential is valid for another ${Math.ceil((until - now) / 60_000)} minutes, and the gateway takes none for more than ${maxSeconds / 60}. Fix: log in with a shorter one.`);
  }
  return typeof token === 'string' ? { token, until } : { certificate: certificate as string, key: key as string, until };
}

function objectOf(text: string): any {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** Of a JSON Web Token; its signature is for the API server to look at. */
function endOfToken(token: string): number | undefined {
  const parts = token.split('.');
  if (parts.length !== 3 || !/^[A-Za-z0-9._-]+$/.test(token)) return undefined;
  const { exp } = objectOf(Buffer.from(parts[1], 'base64url').toString('utf8'));
  return typeof exp === 'number' ? exp * 1000 : undefined;
}

function endOfCertificate(certificate: string, key: string): number | undefined {
  try {
    const x509 = new X509Certificate(certificate);
    return x509.checkPrivateKey(createPrivateKey(key)) ? Date.parse(x509.validTo) : undefined;
  } catch {
    return undefined;
  }
}

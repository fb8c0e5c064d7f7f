import { ChildProcess, spawn } from 'child_process';
import { createHash, createPrivateKey, JsonWebKey, randomBytes, sign } from 'crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'fs';
import { request } from 'https';
import { join } from 'path';
import { must } from '../lab/process';

export interface Account {
  /** Claims besides `sub`. */
  readonly claims: { [claim: string]: unknown };
  /** How the person logs in. */
  readonly amr?: string[];
}

export interface IssuerSettings {
  readonly accounts: { [sub: string]: Account };
  readonly idTokenSeconds: number;
  /** How long a refresh token is good; without it there is none. */
  readonly refreshSeconds?: number;
}

/** A real issuer, over TLS on loopback. */
export interface Issuer {
  readonly url: string;
  /** Its private key: what a test signs by it, the issuer could have signed. */
  readonly jwk: JsonWebKey & { readonly kid: string };
}

export interface Issuers {
  readonly named: { [name: string]: Issuer };
  /** PEM of the authority of their certificate. */
  readonly authority: string;
  stop(): void;
}

/** Starts issuers in a process of their own; each gets a free port. */
export async function startIssuers(folder: string, settings: { [name: string]: IssuerSettings }): Promise<Issuers> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => must('openssl', args, { env: process.env });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl('req', '-x509', ...ec, '-keyout', file('ca.key'), '-out', file('ca.crt'), '-subj', '/CN=issuers of the suite', '-days', '2');
  await openssl('req', '-x509', ...ec, '-keyout', file('tls.key'), '-out', file('tls.crt'), '-subj', '/CN=127.0.0.1', '-days', '2', '-addext', 'subjectAltName=IP:127.0.0.1',
    '-addext', 'basicConstraints=critical,CA:FALSE', '-CA', file('ca.crt'), '-CAkey', file('ca.key'));
  const read = (name: string) => readFileSync(file(name), 'utf8');
  writeFileSync(file('issuers.json'), JSON.stringify({ cert: read('tls.crt'), key: read('tls.key'), issuers: settings }), { mode: 0o600 });
  const child = spawn(process.execPath, [join(__dirname, 'issuer-program.mjs'), file('issuers.json')], { stdio: ['pipe', 'pipe', 'pipe'] });
  return { named: await firstLine(child), authority: read('ca.crt'), stop: () => child.stdin.end() };
}

function firstLine(child: ChildProcess): Promise<any> {
  return new Promise((resolve, reject) => {
    let out = '';
    let errors = '';
    child.stderr!.on('data', data => { errors += data; });
    child.stdout!.on('data', data => {
      out += data;
      // What it says after that is about requests.
      if (out.includes('\n')) resolve(JSON.parse(out.split('\n')[0]));
    });
    child.on('close', code => reject(new Error(`the issuer ended with ${code}: ${errors}`)));
  });
}

const encode = (value: object | Buffer) => (Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value))).toString('base64url');

/** A token of any content, signed by the issuer's key. */
export function signed(issuer: Issuer, claims: object, header: object = {}): string {
  const input = `${encode({ alg: 'ES256', kid: issuer.jwk.kid, typ: 'JWT', ...header })}.${encode(claims)}`;
  const key = createPrivateKey({ key: issuer.jwk, format: 'jwk' });
  return `${input}.${encode(sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }))}`;
}

/** A token that nobody signed. */
export function unsigned(claims: object): string {
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`;
}

export interface Answer { readonly status: number; readonly location?: string; readonly cookies: string[]; readonly text: string }

/** One request to an issuer; nothing is followed. */
export function exchange(url: URL, authority: string, headers: object, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: body === undefined ? 'GET' : 'POST', ca: authority, agent: false, headers: { ...headers, ...body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' } } }, response => {
      const parts: Buffer[] = [];
      response.on('data', part => parts.push(part));
      response.on('end', () => resolve({
        status: response.statusCode!, location: response.headers.location, cookies: response.headers['set-cookie'] ?? [], text: Buffer.concat(parts).toString('utf8'),
      }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Logs in as a browser and kubelogin do: authorization code with PKCE. Returns the ID token. */
export async function logIn(issuer: Issuer, authority: string, account: string): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const redirect = 'http://localhost:8000';
  const jar = new Map<string, string>();
  let next = new URL(`${issuer.url}/auth?${new URLSearchParams({
    client_id: 'kubectl',
    response_type: 'code',
    scope: 'openid email groups',
    redirect_uri: redirect,
    login_hint: account,
    nonce: verifier.slice(0, 8),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })}`);
  for (let steps = 0; next.origin !== redirect; steps++) {
    const answer = await exchange(next, authority, { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') });
    for (const cookie of answer.cookies) {
      const [name, value] = cookie.split(';')[0].split(/=(.*)/s);
      if (value) jar.set(name, value); else jar.delete(name);
    }
    if (!answer.location || steps > 10) throw new Error(`no way on from ${next}: ${answer.status} ${answer.text}`);
    next = new URL(answer.location, next);
  }
  const code = next.searchParams.get('code');
  if (!code) throw new Error(`no code: ${next.search}`);
  const body = new URLSearchParams({ grant_type: 'authorization_code', client_id: 'kubectl', code, redirect_uri: redirect, code_verifier: verifier });
  const { text } = await exchange(new URL(`${issuer.url}/token`), authority, {}, String(body));
  const { id_token: token } = JSON.parse(text);
  if (!token) throw new Error(`no token: ${text}`);
  return token;
}

/** What stands in a token. */
export function claimsOf(token: string): any {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString('utf8'));
}

import { execFileSync } from 'child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { PassThrough } from 'stream';
import { fetchCredential, handOver, parseCredential } from '../src/credential';
import { Person } from '../src/person';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'handover-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const QUARTER = 900;
const person = (user = 'alice', serial = '1'): Person => ({
  user, groups: [], claims: [], certificate: { type: 'ssh-ed25519-cert-v01@openssh.com', serial, keyId: user, principals: [], validAfter: 0, validBefore: 1800, fingerprint: 'SHA256:x' },
});
const part = (data: object) => Buffer.from(JSON.stringify(data)).toString('base64url');
/** Its signature is nobody's business here. */
const token = (seconds: number, now = Date.now()) => `${part({ alg: 'none' })}.${part({ exp: Math.floor(now / 1000) + seconds })}.c2ln`;

/** Hands over a line; gives what is said, and the promise of how it ends. */
function handing(line: string, who = person()) {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const ended = handOver(who, QUARTER, { stdin, stdout }, folder).catch((error: Error) => error);
  stdin.write(`${line}\n`);
  return { stdin, ended, ready: new Promise<string>(resolve => stdout.once('data', data => resolve(String(data)))) };
}

test('a credential goes to the next session of the same certificate, once', async () => {
  const { ended, ready } = handing(JSON.stringify({ token: token(600) }));
  expect(await ready).toBe('ready\n');
  expect((await fetchCredential(person(), QUARTER, folder)).token).toMatch(/^ey.*\.c2ln$/);
  expect(await ended).toBe(0);
  await expect(fetchCredential(person(), QUARTER, folder)).rejects.toThrow('no credential of yours');
  expect(readdirSync(folder)).toEqual([]);
});

test('it is in no file while it is held', async () => {
  const held = token(600);
  const { stdin, ended, ready } = handing(JSON.stringify({ token: held }));
  await ready;
  const names = readdirSync(folder);
  expect(names).toHaveLength(1);
  expect(() => readFileSync(join(folder, names[0]))).toThrow('ENXIO'); // a socket
  expect(names[0]).not.toContain(held.slice(0, 8));
  stdin.end();
  await ended;
});

test.each([['another person', person('bob')], ['another certificate of the person', person('alice', '2')]])('not for %s', async (_name, other) => {
  const { stdin, ended, ready } = handing(JSON.stringify({ token: token(600) }));
  await ready;
  await expect(fetchCredential(other, QUARTER, folder)).rejects.toThrow('no credential of yours');
  stdin.end();
  await ended;
});

test('two at once: each session gets one', async () => {
  const both = [handing(JSON.stringify({ token: token(600) })), handing(JSON.stringify({ token: token(700) }))];
  for (const { ready } of both) await ready;
  const got = [await fetchCredential(person(), QUARTER, folder), await fetchCredential(person(), QUARTER, folder)];
  expect(new Set(got.map(one => one.token)).size).toBe(2);
  expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([0, 0]);
});

test('it is forgotten when the connection that brought it ends', async () => {
  const { stdin, ended, ready } = handing(JSON.stringify({ token: token(600) }));
  await ready;
  stdin.end();
  expect(String(await ended)).toContain('The connection that brought the credential ended, so it was forgotten.');
  await expect(fetchCredential(person(), QUARTER, folder)).rejects.toThrow('no credential of yours');
});

test('nothing came, or too much of it', async () => {
  const stdin = new PassThrough();
  const ended = handOver(person(), QUARTER, { stdin, stdout: new PassThrough() }, folder);
  stdin.end();
  await expect(ended).rejects.toThrow('No credential came');
  expect(String(await handing('x'.repeat(70_000)).ended)).toContain('too long for a credential');
});

const certificate = (seconds: number) => {
  const [key, cert] = [join(folder, 'key'), join(folder, 'crt')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=alice', '-days', String(Math.ceil(seconds / 86_400))], { stdio: 'ignore' });
  return { certificate: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
};

test('a client certificate, with its own key and for a short time', () => {
  const one = certificate(86_400);
  const end = parseCredential(JSON.stringify(one), 90_000).until;
  const now = end - 600_000;
  expect(parseCredential(JSON.stringify(one), QUARTER, now)).toEqual({ ...one, until: end });
  expect(() => parseCredential(JSON.stringify(one), QUARTER)).toThrow(/valid for another 14\d\d minutes, and the gateway takes none for more than 15/);
  expect(() => parseCredential(JSON.stringify(one), QUARTER, end + 1)).toThrow('has expired');
  expect(() => parseCredential(JSON.stringify({ ...one, key: certificate(86_400).key }), QUARTER, now)).toThrow('or is none');
});

test.each([
  ['a token that has expired', { token: token(-1) }, 'has expired'],
  ['a token for an hour', { token: token(3600) }, 'valid for another 60 minutes'],
  ['a token without an end', { token: `${part({})}.${part({})}.x` }, 'does not say how long'],
  ['a token that is none', { token: 'opaque' }, 'does not say how long'],
  ['a token with a line end, which would begin another header', { token: `${token(600)}\r\nx: y` }, 'does not say how long'],
  ['no token', { token: 7 }, 'does not say how long'],
  ['a list', [], 'does not say how long'],
  ['null', null, 'does not say how long'],
  ['a certificate without a key', { certificate: 'x' }, 'does not say how long'],
  ['what is no certificate', { certificate: 'x', key: 'y' }, 'does not say how long'],
])('refused, and not repeated in the message: %s', (_name, given, said) => {
  const refused = () => parseCredential(JSON.stringify(given), QUARTER);
  expect(refused).toThrow(said);
  try {
    refused();
  } catch (error) {
    for (const value of Object.values(given ?? {})) if (typeof value === 'string' && value.length > 2) expect((error as Error).message).not.toContain(value);
  }
});

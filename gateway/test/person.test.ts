import { writeFileSync } from 'fs';
import { join } from 'path';
import { Keys } from './certificates';
import { CONFIG } from './config';
import { parseCertificate } from '../src/certificate';
import { personOf, thePerson } from '../src/person';

let keys: Keys;
beforeAll(() => { keys = new Keys(); });
afterAll(() => keys.remove());

const certificate = (...principals: string[]) => ({
  type: 'ssh-ed25519-cert-v01@openssh.com', serial: '1', keyId: 'k', principals, validAfter: 0, validBefore: 1800, fingerprint: 'SHA256:x',
});
const PRINCIPALS = ['debug-gateway', 'user:alice@example.com', 'group:oncall-payments', 'group:others'];

test.each(['ed25519', 'ecdsa'])('reads what ssh-keygen wrote into a certificate of an %s key', type => {
  keys.make(`key-${type}`, type);
  const { base64, fingerprint, type: name } = keys.certificate(`key-${type}`, PRINCIPALS);
  expect(parseCertificate(base64)).toEqual({
    type: name, serial: '18446744073709551615', keyId: 'Alice Ärmel', principals: PRINCIPALS, fingerprint, validAfter: Date.UTC(2026, 0, 1) / 1000, validBefore: Date.UTC(2026, 0, 1, 0, 30) / 1000,
  });
});

test('a certificate of a host is nobody\'s', () => {
  keys.make('host', 'ed25519');
  const { base64 } = keys.certificate('host', ['debug-gateway'], '-h');
  expect(() => parseCertificate(base64)).toThrow('not the certificate of a user');
});

test.each([['', /RangeError|out of range|outside/], ['AAAA', /./], [Buffer.from('\0\0\0\x07ssh-rsa').toString('base64'), /no certificate that is known/]])('half of a certificate is none: %j', (base64, said) => {
  expect(() => parseCertificate(base64)).toThrow(said);
});

test('who logged in is what sshd wrote down', () => {
  keys.make('login', 'ed25519');
  const { type, base64 } = keys.certificate('login', PRINCIPALS);
  const file = join(keys.folder, 'auth');
  writeFileSync(file, `publickey ${type} ${base64}\n`);
  expect(thePerson(CONFIG, { SSH_USER_AUTH: file })).toMatchObject({ user: 'alice@example.com', groups: ['oncall-payments'] });
});

test('without a word of sshd nobody logged in', () => {
  expect(() => thePerson(CONFIG, {})).toThrow('did not say who logged in');
});

test('a plain key is nobody', () => {
  const file = join(keys.folder, 'plain');
  writeFileSync(file, 'publickey ssh-ed25519 AAAA\n');
  expect(() => thePerson(CONFIG, { SSH_USER_AUTH: file })).toThrow('without a certificate');
});

test('groups that the gateway does not know are left out, and none is claimed twice', () => {
  expect(personOf(CONFIG, certificate('user:alice', 'group:oncall-payments', 'group:oncall-payments', 'group:system:masters', 'oncall-ledger')).groups).toEqual(['oncall-payments']);
});

test.each([
  ['system:admin', /no person/], ['SYSTEM:admin', /no person/], ['system:serviceaccount:kube-system:default', /no person/], ['alice\nbob', /no person/], ['alice\u202e', /no person/],
  [' alice', /no person/], ['a'.repeat(254), /no person/], ['', /nobody/],
])('refused as a person: %j', (user, said) => {
  expect(() => personOf(CONFIG, certificate('debug-gateway', `user:${user}`))).toThrow(said);
});

test('refused: two people, too much time, a revoked serial number', () => {
  expect(() => personOf(CONFIG, certificate('user:alice', 'user:bob'))).toThrow('several people');
  expect(() => personOf(CONFIG, { ...certificate('user:alice'), validBefore: 3601 })).toThrow('longer than 60 minutes');
  expect(() => personOf(CONFIG, { ...certificate('user:alice'), serial: '7' })).toThrow('7 was revoked');
});

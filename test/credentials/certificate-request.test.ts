import { generateKeyPairSync, KeyObject, sign } from 'crypto';
import * as requests from './requests.json';

// eslint-disable-next-line @typescript-eslint/no-require-imports
const { readRequest, RequestError } = require('../../assets/certificate-approver/certificate-request.js');

/**
 * Requests made by openssl 3 (`openssl req -new`, of the kind that each is named after) and by Go's x509.CreateCertificateRequest;
 * their keys were thrown away.
 */
type Made = Exclude<keyof typeof requests, 'default'>;
const made = (name: Made) => `${requests[name].join('\n')}\n`;
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');
const read = (pem: string) => readRequest(base64(pem));
function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(RequestError);
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}

// A writer of DER, for what openssl does not make.
const tlv = (tag: number, ...parts: Buffer[]) => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, Math.floor(length / 0x100), length % 0x100];
  return Buffer.concat([Buffer.from(head), content]);
};
const hex = (digits: string) => Buffer.from(digits, 'hex');
const sequence = (...parts: Buffer[]) => tlv(0x30, ...parts);
const attribute = (oid: string, text: Buffer | string, tag = 0x0c) => sequence(tlv(0x06, hex(oid)), tlv(tag, Buffer.from(text)));
const rdn = (...attributes: Buffer[]) => tlv(0x31, ...attributes);
const CN = '550403';
const O = '55040a';
const NAME = sequence(rdn(attribute(O, 'oncall-payments')), rdn(attribute(CN, 'alice')));

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
interface Parts {
  version?: Buffer; name?: Buffer; attributes?: Buffer; more?: Buffer; key?: KeyObject; spki?: Buffer; algorithm?: Buffer; unused?: number;
}
function der({
  version = hex('020100'), name = NAME, attributes = hex('a000'), more = Buffer.alloc(0), key = keys.privateKey, spki, algorithm, unused = 0,
}: Parts = {}): Buffer {
  const info = sequence(version, name, spki ?? keys.publicKey.export({ format: 'der', type: 'spki' }), attributes, more);
  const signature = sign('sha256', info, key);
  return sequence(info, algorithm ?? sequence(hex('06082a8648ce3d040302')), tlv(0x03, Buffer.from([unused]), signature));
}
const pem = (bytes: Buffer) => `-----BEGIN CERTIFICATE REQUEST-----\n${(bytes.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE REQUEST-----\n`;
const forged = (parts: Parts) => refusalOf(() => read(pem(der(parts))));

describe('read are', () => {
  it.each<[Made, string, string[]]>([
    ['p256', 'alice', ['oncall-payments', 'oncall-search']], ['p384', 'alice', ['oncall-payments']], ['ed25519', 'alice', ['oncall-payments']], ['nogroup', 'alice', []],
    ['utf8', 'älice@example.com', ['oncall-zürich']],
  ])('requests of openssl: %s', (name, commonName, organizations) => expect(read(made(name))).toEqual({ commonName, organizations }));
  it('several groups in one set, as Go writes them', () => {
    const { commonName, organizations } = read(made('go'));
    expect([commonName, ...organizations.sort()]).toEqual(['alice', 'oncall-payments', 'oncall-search']);
    expect(read(made('multivalued')).organizations.sort()).toEqual(['oncall-payments', 'oncall-search']);
  });
  it('what the writer of this test makes, so that its refusals are for one reason', () => expect(read(pem(der()))).toEqual({ commonName: 'alice', organizations: ['oncall-payments'] }));
  it('line ends of Windows', () => expect(read(made('p256').replace(/\n/g, '\r\n')).commonName).toBe('alice'));
});

describe('refused is', () => {
  it.each<[string, Made, string]>([
    ['alternative names', 'san', 'asks for more than a name and groups'], ['a usage of an authority', 'usage', 'asks for more than'], ['a challenge password', 'challenge', 'asks for more than'],
    ['a second name', 'twonames', 'does not have one name'], ['an e-mail address in the subject', 'email', 'more than a name (CN) and groups (O)'],
    ['a unit in the subject', 'unit', 'more than a name (CN) and groups (O)'], ['a group twice', 'twice', 'has a group (O) twice'], ['a name in UTF-16', 'bmp', 'encoding other than UTF-8'],
    ['an RSA key', 'rsa', 'none of Ed25519, P-256 and P-384'], ['a P-521 key', 'p521', 'none of Ed25519'], ['a curve of one\'s own', 'explicit', 'none of Ed25519'],
  ])('%s', (_what, name, message) => expect(refusalOf(() => read(made(name)))).toContain(message));

  it.each<[string, string]>([
    ['text before the block', `x\n${made('p256')}`], ['text after it', `${made('p256')}x`], ['a second block', made('p256') + made('nogroup')], ['headers in it', made('p256').replace('-----\n', '-----\nA: b\n\n')],
    ['a block of another kind', made('p256').replace(/REQUEST/g, '')], ['the name of old', made('p256').replace(/CERTIFICATE REQUEST/g, 'NEW CERTIFICATE REQUEST')], ['nothing', ''], ['blanks in front', ` ${made('p256')}`],
  ])('%s', (_what, text) => expect(refusalOf(() => read(text))).toContain('one block of PEM'));
  it('base64 that two readers could take in two ways', () => expect(refusalOf(() => read(made('p256').replace(/=*\n-----END/, '====\n-----END')))).toContain('is not base64'));
  it('more than anybody needs', () => {
    expect(refusalOf(() => readRequest('A'.repeat(20_000)))).toContain('too long');
    expect(refusalOf(() => readRequest(undefined))).toContain('too long');
  });

  it('no name, and no subject', () => {
    expect(forged({ name: sequence(rdn(attribute(O, 'a'))) })).toContain('does not have one name');
    expect(forged({ name: sequence() })).toContain('does not have one name');
    expect(forged({ name: sequence(rdn()) })).toContain('another structure');
  });
  it.each([['a zero byte', 'alice\0'], ['a line end', 'alice\n'], ['an invisible mark', 'al\u200bice'], ['text turned around', '\u202ealice'], ['nothing', ''], ['a blank around it', 'alice '], ['a line separator', 'al\u2028ice']])('%s in a name', (_what, text) => {
    expect(forged({ name: sequence(rdn(attribute(CN, text))) })).toContain('invisible characters');
    expect(forged({ name: sequence(rdn(attribute(CN, 'alice')), rdn(attribute(O, text))) })).toContain('invisible characters');
  });
  it('bytes that are no UTF-8', () => {
    for (const bytes of ['616cff', 'c0af', 'eda080', 'f8888080']) expect(forged({ name: sequence(rdn(attribute(CN, hex(bytes)))) })).toContain('is not UTF-8');
  });
  it.each([['Latin-1', 0x14], ['ASCII (IA5)', 0x16], ['UTF-32', 0x1c], ['bytes', 0x04]])('a name in %s', (_what, tag) => expect(forged({ name: sequence(rdn(attribute(CN, 'alice', tag))) })).toContain('encoding other than UTF-8'));
  it('characters that a printable string does not have', () => {
    for (const text of ['alice@example.com', 'alice*', 'alice_', 'älice']) expect(forged({ name: sequence(rdn(attribute(CN, text, 0x13))) })).toContain('characters that its encoding does not have');
    expect(read(pem(der({ name: sequence(rdn(attribute(CN, 'alice-1', 0x13))) }))).commonName).toBe('alice-1');
  });
  it('another structure', () => {
    expect(forged({ version: hex('020101') })).toContain('unknown version');
    expect(forged({ attributes: Buffer.alloc(0) })).toContain('another structure');
    expect(forged({ more: hex('a000') })).toContain('another structure');
    expect(forged({ name: sequence(attribute(CN, 'alice')) })).toContain('another structure');
    expect(forged({ name: sequence(rdn(sequence(tlv(0x06, hex(CN)), tlv(0x0c, hex('61')), tlv(0x0c, hex('62'))))) })).toContain('another structure');
    expect(forged({ name: sequence(rdn(sequence(tlv(0x0c, hex('61')), tlv(0x0c, hex('62'))))) })).toContain('another structure');
    expect(forged({ name: sequence(rdn(tlv(0x31))) })).toContain('another structure');
    expect(forged({ name: tlv(0x31) })).toContain('another structure');
    expect(forged({ unused: 4 })).toContain('not signed by its key');
  });
  it('what follows the request', () => expect(refusalOf(() => read(pem(Buffer.concat([der(), hex('0500')]))))).toContain('something follows'));
  it('a length that is not the shortest, or has no end', () => {
    const inner = der().subarray(3);
    expect(refusalOf(() => read(pem(Buffer.concat([Buffer.from([0x30, 0x82, 0x00, inner.length]), inner]))))).toContain('is not DER');
    expect(refusalOf(() => read(pem(Buffer.concat([Buffer.from([0x30, 0x80]), inner, hex('0000')]))))).toContain('is not DER');
    expect(refusalOf(() => read(pem(Buffer.concat([Buffer.from([0x30, 0x83, 0x00, 0x00, inner.length]), inner]))))).toContain('is not DER');
    expect(refusalOf(() => read(pem(hex('3081'))))).toContain('cut off');
    expect(refusalOf(() => read(pem(hex('30'))))).toContain('is not DER');
  });
  it('the key of somebody else', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(forged({ key: other.privateKey })).toContain('not signed by its key');
    expect(forged({ spki: other.publicKey.export({ format: 'der', type: 'spki' }) })).toContain('not signed by its key');
    const ed25519 = generateKeyPairSync('ed25519');
    expect(forged({ spki: ed25519.publicKey.export({ format: 'der', type: 'spki' }) })).toContain('not signed by its key');
  });
  it('a signature of an unknown kind', () => {
    expect(forged({ algorithm: sequence(hex('06072a8648ce3d0401')) })).toContain('signed in an unknown way');
    expect(forged({ algorithm: sequence(hex('06082a8648ce3d040302'), hex('0500')) })).toContain('signed in an unknown way');
    expect(forged({ algorithm: sequence(hex('06082a8648ce3d040303')) })).toContain('not signed by its key');
  });
  it('a point that is not on the curve', () => {
    const spki = Buffer.from(keys.publicKey.export({ format: 'der', type: 'spki' }));
    spki[spki.length - 1] = 255 - spki[spki.length - 1];
    expect(forged({ spki })).toContain('not signed by its key');
  });
  it('every request of which one byte was changed', () => {
    for (const name of ['p256', 'ed25519'] as const) {
      const bytes = Buffer.from(requests[name].slice(1, -1).join(''), 'base64');
      for (let at = 0; at < bytes.length; at++) {
        for (const by of [1, 0x20, 0x80, 0xff]) {
          const changed = Buffer.from(bytes);
          changed[at] = (changed[at] + by) % 256;
          refusalOf(() => read(pem(changed)));
        }
      }
    }
  });
  it('every request that is cut off', () => {
    const bytes = der();
    for (let length = 0; length < bytes.length; length++) refusalOf(() => read(pem(bytes.subarray(0, length))));
  });
});

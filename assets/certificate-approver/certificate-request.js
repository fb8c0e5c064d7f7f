// @ts-check
'use strict';

/**
 * Reads a certificate request (PKCS #10, RFC 2986) as strictly as DER can be read. What is signed in the end is what Go reads in
 * it, so whatever two readers could understand in two ways is an error here: other encodings, more than one block, attributes
 * (alternative names among them), kinds of text and names that nobody needs.
 */

const crypto = require('crypto');

const [INTEGER, BIT_STRING, OID, UTF8, PRINTABLE, SEQUENCE, SET, ATTRIBUTES] = [0x02, 0x03, 0x06, 0x0c, 0x13, 0x30, 0x31, 0xa0];
/** Object identifiers, by the bytes of their DER. */
const NAMES = /** @type {Record<string, 'CN' | 'O'>} */ ({ '550403': 'CN', '55040a': 'O' });
/** AlgorithmIdentifier of the keys that are taken: P-256, P-384, Ed25519. */
const KEYS = ['06072a8648ce3d020106082a8648ce3d030107', '06072a8648ce3d020106052b81040022', '06032b6570'];
/** AlgorithmIdentifier of the signatures, with the hash that Node.js wants to know. */
const SIGNATURES = /** @type {Record<string, string | null>} */ ({
  '06082a8648ce3d040302': 'sha256', '06082a8648ce3d040303': 'sha384', '06082a8648ce3d040304': 'sha512', '06032b6570': null,
});
const LONGEST = 8192;
/** Control characters, separators other than the blank, and what is not seen or turns text around. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/u;

/** What is wrong with a request, for whoever made it. */
class RequestError extends Error {}

/** @param {string} why @returns {never} */
function refuse(why) {
  throw new RequestError(why);
}

/**
 * The values that follow each other in DER, to the last byte.
 *
 * @param {Buffer} bytes
 * @returns {{ tag: number, content: Buffer, whole: Buffer }[]}
 */
function read(bytes) {
  const values = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at];
    let length = bytes[at + 1];
    let start = at + 2;
    if (length === 0x81 || length === 0x82) {
      const count = length - 0x80;
      if (start + count > bytes.length) refuse('the request is cut off');
      length = bytes.readUIntBE(start, count);
      // DER has one way to write a length: the shortest.
      if (length < (count === 1 ? 0x80 : 0x100)) refuse('the request is not DER');
      start += count;
    } else if (length === undefined || length >= 0x80) {
      refuse('the request is not DER');
    }
    if (start + length > bytes.length) refuse('the request is cut off');
    values.push({ tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) });
    at = start + length;
  }
  return values;
}

/**
 * The values in one of a kind: so many, of these tags.
 *
 * @param {{ tag: number, content: Buffer }} value
 * @param {number} tag
 * @param {number[]} tags
 */
function parts(value, tag, tags) {
  const inner = value.tag === tag ? read(value.content) : refuse('the request has another structure');
  if (inner.length !== tags.length || inner.some((part, i) => part.tag !== tags[i])) refuse('the request has another structure');
  return inner;
}

/** @param {{ content: Buffer }} bits */
function bytesOf({ content }) {
  if (content.length === 0 || content[0] !== 0) refuse('the request has another structure');
  return content.subarray(1);
}

/** @param {{ tag: number, content: Buffer }} value */
function textOf({ tag, content }) {
  if (tag !== UTF8 && tag !== PRINTABLE) refuse('a name is written in an encoding other than UTF-8');
  const text = content.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(content)) refuse('a name is not UTF-8');
  if (tag === PRINTABLE && !/^[A-Za-z0-9 '()+,./:=?-]*$/.test(text)) refuse('a name has characters that its encoding does not have');
  if (text === '' || UNSEEN.test(text) || text !== text.trim()) refuse('a name is empty, or has blanks around it or invisible characters');
  return text;
}

/** @param {{ tag: number, content: Buffer }} name */
function subjectOf(name) {
  const subject = { commonName: /** @type {string[]} */ ([]), organizations: /** @type {string[]} */ ([]) };
  if (name.tag !== SEQUENCE) refuse('the request has another structure');
  for (const set of read(name.content)) {
    const attributes = set.tag === SET ? read(set.content) : [];
    if (attributes.length === 0) refuse('the request has another structure');
    for (const attribute of attributes) {
      if (attribute.tag !== SEQUENCE) refuse('the request has another structure');
      const [type, value, ...rest] = read(attribute.content);
      if (type?.tag !== OID || !value || rest.length > 0) refuse('the request has another structure');
      const kind = NAMES[type.content.toString('hex')] ?? refuse('the subject has more than a name (CN) and groups (O)');
      subject[kind === 'CN' ? 'commonName' : 'organizations'].push(textOf(value));
    }
  }
  const [commonName, ...more] = subject.commonName;
  if (commonName === undefined || more.length > 0) refuse('the subject does not have one name (CN)');
  const { organizations } = subject;
  if (new Set(organizations).size !== organizations.length) refuse('the subject has a group (O) twice');
  return { commonName, organizations };
}

/**
 * @param {string} base64 spec.request of a CertificateSigningRequest
 * @returns {{ commonName: string, organizations: string[] }} the subject, of a request whose key has signed it
 * @throws {RequestError} on anything that need not be there
 */
function readRequest(base64) {
  if (typeof base64 !== 'string' || base64.length > 2 * LONGEST) refuse('the request is too long');
  const pem = Buffer.from(base64, 'base64').toString('latin1');
  const block = /^-----BEGIN CERTIFICATE REQUEST-----\r?\n([A-Za-z0-9+/=\r\n]+)\r?\n-----END CERTIFICATE REQUEST-----\r?\n?$/.exec(pem)?.[1];
  if (block === undefined) refuse('the request is not one block of PEM and nothing else');
  const body = block.replace(/[\r\n]/g, '');
  const der = Buffer.from(body, 'base64');
  if (der.toString('base64') !== body) refuse('the request is not base64');

  const [outer, ...rest] = read(der);
  if (rest.length > 0) refuse('something follows the request');
  const [info, algorithm, signature] = parts(outer, SEQUENCE, [SEQUENCE, SEQUENCE, BIT_STRING]);
  const [version, name, key, attributes] = parts(info, SEQUENCE, [INTEGER, SEQUENCE, SEQUENCE, ATTRIBUTES]);
  if (version.content.toString('hex') !== '00') refuse('the request is of an unknown version');
  if (attributes.content.length > 0) refuse('the request asks for more than a name and groups, such as alternative names');
  const subject = subjectOf(name);

  const [keyKind] = parts(key, SEQUENCE, [SEQUENCE, BIT_STRING]);
  if (!KEYS.includes(keyKind.content.toString('hex'))) refuse('the key is none of Ed25519, P-256 and P-384');
  const kind = algorithm.content.toString('hex');
  if (!Object.hasOwn(SIGNATURES, kind)) refuse('the request is signed in an unknown way');
  let proven = false;
  try {
    const publicKey = crypto.createPublicKey({ key: key.whole, format: 'der', type: 'spki' });
    proven = crypto.verify(SIGNATURES[kind], info.whole, publicKey, bytesOf(signature));
  } catch { /* no such key, or a signature of another kind of key */ }
  if (!proven) refuse('the request is not signed by its key');
  return subject;
}

module.exports = { RequestError, readRequest };

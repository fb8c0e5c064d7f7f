import { X509Certificate } from 'crypto';
import { reject } from './errors';

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n[A-Za-z0-9+/=\r\n]+-----END \1-----/g;

/** Certificates in PEM, with nothing else between them; returns them with `\n` as line end. */
export function certificates(where: string, field: string, value: string): string {
  const fix = 'give the certificates of the authority in PEM, e.g. by readFileSync("ca.crt", "utf8")';
  // The value is not shown: a private key would stand in a log.
  const refuse = (problem: string) => reject({ where, field, value: '(not shown)', problem, fix });
  if (typeof value !== 'string' || value.trim() === '') refuse('is empty');
  if (/PRIVATE KEY/.test(value)) refuse('contains a private key');
  const blocks = [...value.matchAll(BLOCK)];
  if (blocks.length === 0 || value.replace(BLOCK, '').trim() !== '' || blocks.some(([, kind]) => kind !== 'CERTIFICATE')) refuse('is not a list of certificates in PEM');
  for (const [block] of blocks) {
    try {
      new X509Certificate(block);
    } catch {
      refuse('contains a block that is no certificate');
    }
  }
  return blocks.map(([block]) => `${block.replace(/\r\n/g, '\n')}\n`).join('');
}

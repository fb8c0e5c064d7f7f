import { createPublicKey, generateKeyPairSync, sign, verify } from 'crypto';
import { der, pem } from '../src/credentials/certificates/der';

/** The parts of a DER sequence, each with its head. */
function parts(content: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < content.length;) {
    const [head, length] = size(content, at);
    found.push(content.subarray(at, at + head + length));
    at += head + length;
  }
  return found;
}

function size(content: Buffer, at: number): [number, number] {
  const first = content[at + 1];
  if (first < 0x80) return [2, first];
  const bytes = first - 0x80;
  return [2 + bytes, content.readUIntBE(at + 2, bytes)];
}

const inside = (part: Buffer) => part.subarray(size(part, 0)[0]);

interface Wanted {
  /** In base64. */
  readonly request: string;
  readonly expirationSeconds: number;
}

/** Signs certificates as kube-controller-manager does, backdated by five minutes. */
export class Signer {
  private readonly authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  /** The certificate of a request, PEM; `longest` cuts it short, `subject` takes another name into it. */
  public sign({ request, expirationSeconds }: Wanted, longest = Infinity, change: { subject?: Buffer; key?: Buffer } = {}): string {
    const text = Buffer.from(request, 'base64').toString();
    const whole = Buffer.from(text.replace(/-----[^-]*-----|\s/g, ''), 'base64');
    const [info, , signature] = parts(inside(whole));
    const [, subject, key] = parts(inside(info));
    const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
    const hash = publicKey.asymmetricKeyType === 'ec' ? 'sha256' : undefined;
    if (!verify(hash, info, publicKey, inside(signature).subarray(1))) throw new Error('the request is not signed by its key');
    const algorithm = der.sequence(der.oid('1.2.840.10045.4.3.2'));
    const begin = Date.now() - 300_000;
    const issuer = der.sequence(der.set(der.sequence(der.oid('2.5.4.3'), der.utf8('authority'))));
    const end = begin + Math.min(expirationSeconds, longest) * 1_000;
    const validity = der.sequence(der.time(new Date(begin)), der.time(new Date(end)));
    const version = der.context(0, der.small(2));
    const unsigned = der.sequence(version, der.small(7), algorithm, issuer, validity, change.subject ?? subject, change.key ?? key);
    return pem('CERTIFICATE', der.sequence(unsigned, algorithm, der.bits(sign('sha256', unsigned, this.authority.privateKey))));
  }
}

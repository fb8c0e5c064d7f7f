import { createHash } from 'crypto';

/** What an OpenSSH user certificate says. Who signed it, and whether it is valid, sshd has looked at. */
export interface UserCertificate {
  readonly type: string;
  readonly serial: string;
  readonly keyId: string;
  readonly principals: string[];
  /** Seconds since 1970. */
  readonly validAfter: number;
  readonly validBefore: number;
  /** SHA256 of the person's public key, as ssh-keygen -l prints it. */
  readonly fingerprint: string;
}

const USER = 1;
/** Fields of the public key between nonce and serial, by type. */
const KEY_FIELDS: { readonly [type: string]: number } = {
  'ssh-ed25519-cert-v01@openssh.com': 1,
  'ecdsa-sha2-nistp256-cert-v01@openssh.com': 2,
  'sk-ssh-ed25519-cert-v01@openssh.com': 2,
  'sk-ecdsa-sha2-nistp256-cert-v01@openssh.com': 3,
};

/** Reads one field after the other of SSH's binary format (RFC 4251, section 5). */
class Reader {
  private at = 0;
  public constructor(private readonly bytes: Buffer) {}

  public get done(): boolean { return this.at >= this.bytes.length; }

  public uint32(): number {
    this.at += 4;
    return this.bytes.readUInt32BE(this.at - 4);
  }

  public uint64(): bigint {
    this.at += 8;
    return this.bytes.readBigUInt64BE(this.at - 8);
  }

  public string(): Buffer {
    const length = this.uint32();
    if (this.at + length > this.bytes.length) throw new RangeError('a field is longer than the certificate');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

function field(text: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
}

/**
 * Reads a certificate in OpenSSH's format, base64.
 *
 * @see https://cvsweb.openbsd.org/src/usr.bin/ssh/PROTOCOL.certkeys
 */
export function parseCertificate(base64: string): UserCertificate {
  const reader = new Reader(Buffer.from(base64, 'base64'));
  const type = reader.string().toString('latin1');
  const count = KEY_FIELDS[type];
  if (count === undefined) throw new RangeError(`${type} is no certificate that is known here`);
  reader.string(); // nonce
  const key = Array.from({ length: count }, () => reader.string());
  const serial = reader.uint64();
  if (reader.uint32() !== USER) throw new RangeError('it is not the certificate of a user');
  const keyId = reader.string().toString('utf8');
  const list = new Reader(reader.string());
  const principals: string[] = [];
  while (!list.done) principals.push(list.string().toString('utf8'));
  const validAfter = Number(reader.uint64());
  const validBefore = Number(reader.uint64());
  const plainType = type.startsWith('sk-') ? type.replace('-cert-v01', '') : type.replace('-cert-v01@openssh.com', '');
  const fingerprint = `SHA256:${createHash('sha256').update(Buffer.concat([Buffer.from(plainType), ...key].map(field))).digest('base64').replace(/=+$/, '')}`;
  return { type, serial: String(serial), keyId, principals, validAfter, validBefore, fingerprint };
}

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'fs';
import { delimiter, join } from 'path';
import { must } from '../lab/process';

const inPath = (program: string) => (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, program)));
/** Where Debian, Fedora and Arch have it. */
const MODULE = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib64/softhsm/libsofthsm2.so', '/usr/lib/libsofthsm2.so'].find(file => existsSync(file));
const LIBRARIES = ['/usr/lib', '/usr/lib64'].flatMap(folder => [folder, join(folder, `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`)]);
const ENGINE = LIBRARIES.map(folder => join(folder, 'engines-3')).some(folder => existsSync(folder) && readdirSync(folder).includes('pkcs11.so'));

/** A token in software (SoftHSM) in a folder of its own. */
export class SoftToken {
  public static readonly WHY = 'needs SoftHSM and pkcs11-tool (Debian: softhsm2 opensc)';
  public static readonly WHY_ENGINE = 'needs SoftHSM, pkcs11-tool, curl and OpenSSL\'s engine for tokens (Debian: softhsm2 opensc curl libengine-pkcs11-openssl)';
  public static readonly WHY_PROXY = 'needs SoftHSM, pkcs11-tool, curl, stunnel and OpenSSL\'s engine for tokens (Debian: softhsm2 opensc curl stunnel4 libengine-pkcs11-openssl)';

  public static isThere(): boolean {
    return MODULE !== undefined && inPath('softhsm2-util') && inPath('pkcs11-tool');
  }

  public static hasEngine(): boolean {
    return ENGINE && inPath('curl');
  }

  public static hasProxy(): boolean {
    return inPath('stunnel');
  }

  public uri = '';

  public constructor(private readonly folder: string) {}

  public get pinFile(): string {
    return join(this.folder, 'pin');
  }

  public get env(): NodeJS.ProcessEnv {
    return { SOFTHSM2_CONF: join(this.folder, 'softhsm2.conf'), PKCS11_MODULE_PATH: MODULE };
  }

  /** A token with a key on P-256. */
  public async make(label: string, object: string): Promise<void> {
    const pin = String(100_000 + Math.floor(Math.random() * 900_000));
    mkdirSync(join(this.folder, 'tokens'), { recursive: true, mode: 0o700 });
    writeFileSync(join(this.folder, 'softhsm2.conf'), `directories.tokendir = ${join(this.folder, 'tokens')}\nobjectstore.backend = file\n`);
    // The engine takes a line end for a part of the PIN.
    writeFileSync(this.pinFile, pin, { mode: 0o600 });
    const env = { ...process.env, ...this.env, PIN: pin };
    await must('softhsm2-util', ['--init-token', '--free', '--label', label, '--so-pin', pin, '--pin', pin], { env });
    await must('pkcs11-tool', ['--module', MODULE!, '--token-label', label, '--login', '--pin', 'env:PIN', '--keypairgen', '--key-type', 'EC:prime256v1', '--label', object, '--id', '01'], { env });
    this.uri = `pkcs11:token=${label};object=${object}?module-path=${MODULE}`;
  }
}

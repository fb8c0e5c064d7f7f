import { spawnSync } from 'child_process';
import { writeFileSync } from 'fs';
import { join } from 'path';
import { POD, possible, Scene, WHY_NOT } from '../gateway/scene';
import { testIf, theCluster } from '../lab/cluster';
import { asAdmin } from '../lab/kubectl';
import { Ended, eventually, must } from '../lab/process';

const cluster = theCluster();
const compiler = spawnSync('sh', ['-c', 'command -v cc && printf "#include <openssl/evp.h>\\n" | cc -E - -o /dev/null'], { stdio: 'ignore' }).status === 0;
const able = possible(cluster) && compiler;
const WHY = possible(cluster) ? 'needs a C compiler and the headers of OpenSSL (apt-get install gcc libc6-dev libssl-dev)' : WHY_NOT;
const it = testIf(able, WHY);
const TYPES = ['ed25519-sk', 'ecdsa-sk'];
/** What a signature of a key on hardware may claim. */
const TOUCHED = '1';
const VERIFIED = '4';

/** A gateway, and keys on hardware of which OpenSSH's own client and server believe that they are such. */
class Keys {
  private readonly token: string;
  private readonly pin: string;

  public constructor(private readonly scene: Scene) {
    this.token = join(scene.environment.HOME!, 'token.so');
    this.pin = join(scene.environment.HOME!, 'pin');
  }

  public async make(): Promise<void> {
    await must('cc', ['-shared', '-fPIC', '-o', this.token, join(__dirname, 'hardware-keys', 'token.c'), '-lcrypto'], { env: process.env });
    writeFileSync(this.pin, '#!/bin/sh\necho 1234\n', { mode: 0o755 });
    for (const type of TYPES) {
      const file = join(this.scene.environment.HOME!, type);
      await must('sh', ['-c', `rm -f '${file}' '${file}.pub'; ssh-keygen -q -t ${type} -O verify-required -w '${this.token}' -N '' -f '${file}'`], { env: this.environment });
    }
  }

  /** Logs in; `claims` is what the token says was done, whatever was asked of it. */
  public login(key: string, claims?: string): Promise<Ended> {
    return this.scene.ssh([`exec ${this.scene.target}/${POD} -- echo through`], {
      key, first: ['-o', `SecurityKeyProvider=${this.token}`], env: { ...this.environment, ...claims && { TOKEN_FLAGS: claims } },
    });
  }

  /** Logs in, is refused, and returns what sshd logged about it: a client that fails by itself would look the same. */
  public async refusal(key: string, claims?: string): Promise<string> {
    const before = await this.log();
    expect(await this.login(key, claims)).toMatchObject({ code: 255, stdout: '', stderr: expect.stringContaining('Permission denied (publickey)') });
    return eventually('a line about it in the log of sshd', async () => {
      const said = (await this.log()).slice(before.length);
      return said.includes('[preauth]') ? said : undefined;
    }, 20_000);
  }

  private log(): Promise<string> {
    return asAdmin(cluster, ['-n', this.scene.gateway, 'logs', this.scene.pod]);
  }

  private get environment(): NodeJS.ProcessEnv {
    return { ...this.scene.environment, SSH_ASKPASS: this.pin, SSH_ASKPASS_REQUIRE: 'force' };
  }
}

/** A gateway that is open for a group of tests, and keys for it. */
function keysOf(scene: Scene): Keys {
  const keys = new Keys(scene);
  beforeAll(async () => {
    if (!able) return;
    await scene.set();
    await keys.make();
    await scene.open('door', true);
  });
  afterAll(async () => { if (able) await scene.close(); });
  return keys;
}

const GOOD = { code: 0, stdout: 'through\n' };
const UNTOUCHED = 'rejected: user presence (authenticator touch) requirement not met';
const UNVERIFIED = 'rejected: user verification requirement not met';

describe('a gateway that demands hardware', () => {
  const scene = new Scene(cluster, 'sd-gateway-hardware', { hardwareKeys: true });
  const keys = keysOf(scene);

  describe.each(TYPES)('%s', type => {
    beforeEach(async () => { if (able) await scene.sign(type); });

    it('touched and with its PIN: is let in, and the recording names the key', async () => {
      expect(await keys.login(type)).toMatchObject(GOOD);
      const [header] = await scene.recordingOf(`exec ${scene.target}/${POD} -- echo through`);
      const listed = await must('ssh-keygen', ['-l', '-f', join(scene.environment.HOME!, `${type}.pub`)], { env: process.env });
      expect(header['secure-debug'].certificate.fingerprint).toBe(listed.split(' ')[1]);
    });

    it('without its PIN: is refused', async () => {
      expect(await keys.refusal(type, TOUCHED)).toContain(UNVERIFIED);
    });

    it('that nobody touched: is refused', async () => {
      expect(await keys.refusal(type, VERIFIED)).toContain(UNTOUCHED);
    });

    it('that nobody touched, with a certificate that asks for none: is refused', async () => {
      await scene.sign(type, { options: ['no-touch-required'] });
      expect(await keys.refusal(type, VERIFIED)).toContain(UNTOUCHED);
    });

    it('of another authority: is refused', async () => {
      await scene.sign(type, { authority: 'other-authority' });
      expect(await keys.refusal(type)).toMatch(/Failed publickey for debug .*-SK-CERT/);
    });
  });

  it('a key in a file, with a good certificate: is refused', async () => {
    await scene.sign('alice');
    expect(await keys.refusal('alice')).toMatch(/ssh-ed25519-cert-v01@openssh.com not in PubkeyAcceptedAlgorithms/);
  });
});

describe('a gateway that demands no hardware', () => {
  const scene = new Scene(cluster, 'sd-gateway-any-key');
  const keys = keysOf(scene);

  it('lets in a key in a file, and one on hardware that was touched', async () => {
    await scene.sign('alice');
    expect(await keys.login('alice')).toMatchObject(GOOD);
    await scene.sign('ed25519-sk');
    expect(await keys.login('ed25519-sk', TOUCHED)).toMatchObject(GOOD);
  });

  it('what a certificate demands is honoured: verify-required without a PIN is refused', async () => {
    await scene.sign('ecdsa-sk', { options: ['verify-required'] });
    expect(await keys.refusal('ecdsa-sk', TOUCHED)).toContain(UNVERIFIED);
    expect(await keys.login('ecdsa-sk')).toMatchObject(GOOD);
  });
});

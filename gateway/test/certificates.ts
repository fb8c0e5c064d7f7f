import { execFileSync } from 'child_process';
import { mkdtempSync, readFileSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

/** Keys and certificates by real ssh-keygen, made when a test runs. */
export class Keys {
  public readonly folder = mkdtempSync(join(tmpdir(), 'gateway-keys-'));

  public constructor() {
    this.make('authority', 'ed25519');
  }

  public make(name: string, type: string): void {
    this.keygen('-q', '-t', type, '-N', '', '-f', name);
  }

  /** A certificate, base64, as it stands in what sshd writes. */
  public certificate(name: string, principals: string[], ...more: string[]): { type: string; base64: string; fingerprint: string } {
    this.keygen('-q', '-s', 'authority', '-I', 'Alice Ärmel', '-z', '18446744073709551615', '-n', principals.join(','), '-V', '20260101000000Z:20260101003000Z', ...more, `${name}.pub`);
    const [type, base64] = readFileSync(join(this.folder, `${name}-cert.pub`), 'utf8').split(' ');
    const fingerprint = this.keygen('-l', '-f', `${name}.pub`).split(' ')[1];
    return { type, base64, fingerprint };
  }

  public remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private keygen(...args: string[]): string {
    return execFileSync('ssh-keygen', args, { cwd: this.folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }
}

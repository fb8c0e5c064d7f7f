import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Ended } from './fake-cluster';
import { Browser } from '../../test/cluster/cli/login-browser';
import { Issuers, IssuerSettings, startIssuers } from '../../test/cluster/credentials/issuer';
import { Connection } from '../src/connection';
import { Io } from '../src/io';
import { run } from '../src/program';

/** What one run has besides its arguments. */
interface Setting {
  readonly env?: NodeJS.ProcessEnv;
  /** Whether a terminal shows standard error. */
  readonly tty?: boolean;
  readonly connection?: Connection;
  /** Called with what was printed to standard error so far. */
  readonly shown?: (stderr: string) => void;
}

/** Real issuers, and a computer with a home of its own. */
export class LoginScene {
  public static async start(settings: { [name: string]: IssuerSettings }): Promise<LoginScene> {
    const folder = mkdtempSync(join(tmpdir(), 'secure-debug-login-'));
    const issuers = await startIssuers(join(folder, 'issuers'), settings);
    writeFileSync(join(folder, 'ca.pem'), issuers.authority);
    return new LoginScene(folder, issuers);
  }

  public readonly authorityFile: string;
  private homes = 0;
  private uniques = 0;
  public home = '';

  private constructor(public readonly folder: string, public readonly issuers: Issuers) {
    this.authorityFile = join(folder, 'ca.pem');
    this.newHome();
  }

  /** A computer on which nobody has logged in yet. */
  public newHome(): string {
    this.home = join(this.folder, `home-${this.homes++}`);
    mkdirSync(this.home, { mode: 0o700 });
    chmodSync(this.home, 0o700);
    return this.home;
  }

  public get logins(): string {
    return join(this.home, '.cache', 'secure-debug', 'logins');
  }

  public stop(): void {
    this.issuers.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Options that name an issuer. */
  public at(name: string): string[] {
    return ['--issuer', this.issuers.named[name].url, '--client-id', 'kubectl', '--certificate-authority', this.authorityFile];
  }

  public browser(): Browser {
    return new Browser(this.issuers.authority);
  }

  public async run(args: string[], { env = {}, tty = false, connection, shown }: Setting = {}): Promise<Ended> {
    let stdout = '';
    let stderr = '';
    const io: Io = {
      stdout: { write: text => { stdout += text; } },
      stderr: { write: text => { stderr += text; shown?.(stderr); }, isTTY: tty },
      env: { HOME: this.home, NO_COLOR: '1', ...env },
      connect: async () => connection ?? Promise.reject(new Error('no cluster')),
      sleep: milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds)),
      unique: () => `u${this.uniques++}`,
    };
    const code = await run(args, io);
    return { code, stdout, stderr };
  }

  /** Runs what asks somebody to log in, and logs in as that account when it does. */
  public async loggingIn(args: string[], account: string, setting: Setting = {}): Promise<Ended & { page: string; back: string }> {
    let page = '';
    let visited: Promise<{ text: string }> | undefined;
    const ended = await this.run(args, {
      ...setting,
      shown: stderr => {
        [, page = ''] = /^ {2}(https:\S+)\n/m.exec(stderr) ?? [];
        if (page && !visited) visited = this.browser().logIn(page, account);
      },
    });
    return { ...ended, page, back: (await visited)?.text ?? '' };
  }
}

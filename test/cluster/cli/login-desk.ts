import { mkdirSync, readdirSync, readFileSync } from 'fs';
import { delimiter, dirname, join } from 'path';
import { Browser } from './login-browser';
import { secureDebug } from './program';
import { CredentialPlugin, OidcKubeconfig, SecureDebugLoginProps } from '../../../src';
import { endpoint } from '../credentials/helpers';
import { Issuers } from '../credentials/issuer';
import { Cluster, newestClient } from '../lab/cluster';
import { Person } from '../lab/kubectl';
import { Ended, run, RunOptions } from '../lab/process';

/** Where desks are. */
export interface Place {
  readonly cluster: Cluster;
  readonly issuers: Issuers;
  /** In whose `bin` the program is. */
  readonly folder: string;
  readonly namespace: string;
}

let computers = 0;

/** Somebody at a computer of their own, with the kubeconfig that everybody gets. */
export class Desk {
  public static async at({ cluster, issuers, folder, namespace }: Place, issuer: string, more: Partial<SecureDebugLoginProps> = {}): Promise<Desk> {
    const name = `desk-${++computers}`;
    const kubeconfig = join(folder, `${name}.yaml`);
    const plugin = CredentialPlugin.secureDebug({ issuerUrl: issuers.named[issuer].url, clientId: 'kubectl', certificateAuthority: issuers.authority, openBrowser: false, ...more });
    new OidcKubeconfig({ clusters: [{ name: 'prod', ...await endpoint(cluster), namespace }], plugin }).write(kubeconfig);
    return new Desk(cluster, issuers, join(folder, 'bin'), { name, groups: [], kubeconfig });
  }

  private readonly home: string;

  private constructor(
    private readonly cluster: Cluster, private readonly issuers: Issuers, private readonly bin: string, public readonly person: Person,
  ) {
    this.home = join(cluster.folder, 'home', person.name);
    mkdirSync(this.home, { recursive: true, mode: 0o700 });
  }

  private get env(): NodeJS.ProcessEnv {
    return { PATH: [this.bin, dirname(this.cluster.clients[newestClient(this.cluster)]), process.env.PATH].join(delimiter), HOME: this.home, KUBECONFIG: this.person.kubeconfig, NO_COLOR: '1' };
  }

  public secureDebug(args: string[], options: RunOptions = {}): Promise<Ended> {
    return secureDebug(this.cluster, this.person, args, options);
  }

  /** kubectl without a terminal, as in a script. */
  public kubectl(...args: string[]): Promise<Ended> {
    return run('kubectl', args, { env: this.env, timeout: 120_000 });
  }

  /** A command line in a terminal. */
  public inTerminal(line: string, options: RunOptions = {}): Promise<Ended> {
    return run('script', ['-qec', line, '/dev/null'], { ...options, env: this.env });
  }

  /** Logs in when a page is shown, as somebody. */
  public asking(account: string, pages: string[] = []): RunOptions {
    return {
      until: (stdout, stderr) => {
        const [, page] = /^ {2}(https:\S+)\r?\n/m.exec(stdout + stderr) ?? [];
        if (page && !pages.includes(page)) {
          pages.push(page);
          void new Browser(this.issuers.authority).logIn(page, account);
        }
        return false;
      },
    };
  }

  public logIn(account: string, ...args: string[]): Promise<Ended> {
    return this.secureDebug(['login', ...args], this.asking(account));
  }

  /** What is remembered here. */
  public get login(): any {
    const logins = join(this.home, '.cache', 'secure-debug', 'logins');
    const [file] = readdirSync(logins).filter(name => name.endsWith('.json'));
    return file && JSON.parse(readFileSync(join(logins, file), 'utf8'));
  }
}

import { Cluster } from './cluster';
import { wrongUse } from './errors';
import { Io } from './io';
import { paths } from './paths';
import { coloured, Paint, painter, plain, word } from './text';

/** Options that every command has. */
export interface CommonOptions {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly json?: boolean;
}

/** What a command answers: data for programs, the same as text for people, and an exit status. */
export interface Result {
  readonly data: unknown;
  readonly text: string;
  readonly code?: number;
}

/** As whom the API server knows the caller. */
export interface Me {
  readonly name: string;
  readonly groups: string[];
}

/** One run of a command. */
export class Session {
  public static async open(io: Io, options: CommonOptions): Promise<Session> {
    if (options.namespace !== undefined && options.allNamespaces) wrongUse('-n and -A contradict each other. Fix: give one of the two.');
    if (options.namespace !== undefined && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(options.namespace)) {
      wrongUse(`-n ${plain(options.namespace)} is no namespace's name. Fix: write lower-case letters, digits and "-", e.g. payments.`);
    }
    return new Session(io, new Cluster(await io.connect({ kubeconfig: options.kubeconfig, context: options.context })), options);
  }

  public readonly paint: Paint;
  private me?: Me;

  private constructor(public readonly io: Io, public readonly cluster: Cluster, private readonly options: CommonOptions) {
    this.paint = painter(!options.json && coloured(io, io.stdout));
  }

  /** The namespace of -n, else that of the context. */
  public get namespace(): string {
    return this.options.namespace ?? this.cluster.namespace;
  }

  /** The namespace to list, or undefined for all. */
  public get listed(): string | undefined {
    return this.options.allNamespaces ? undefined : this.namespace;
  }

  /** Asks the API server who the caller is: the kubeconfig does not say which groups a token carries. */
  public async whoAmI(): Promise<Me> {
    if (!this.me) {
      const { status } = await this.cluster.create(paths.whoAmI(), { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
      this.me = { name: status.userInfo.username ?? '', groups: status.userInfo.groups ?? [] };
    }
    return this.me;
  }

  /** A command line of this program or of kubectl, for the caller to copy: for the same cluster, by the same kubeconfig. */
  public line(program: string, ...args: string[]): string {
    const { kubeconfig, context } = this.options;
    const where = [...kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig], ...context === undefined ? [] : ['--context', context]];
    return [program, ...args, ...where.map(word)].map(plain).join(' ');
  }

  /** Tells a person what is going on, beside the answer. */
  public tell(text: string): void {
    if (!this.options.json) this.io.stderr.write(`${text}\n`);
  }

  /** Tells a person on one line that is written over, if there is a terminal. */
  public progress(text: string): void {
    if (!this.options.json && this.io.stderr.isTTY) this.io.stderr.write(`\r\u001b[2K${text}`);
  }
}

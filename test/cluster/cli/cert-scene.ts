import { mkdirSync, rmSync, writeFileSync } from 'fs';
import { join } from 'path';
import { App, Chart, Duration } from 'cdk8s';
import { build, demolish, secureDebug } from './program';
import {
  AccessRequestPolicy, AuthenticationConfiguration, BindingGuardrail, CertificateAccess, CommandSet, ControlPlane, ExecAccess, ExecGuardrail,
  GitOpsIdentity, GuardrailException, GuardrailMode, JustInTimeAccess, OnCallDebugAccess, SecureDebugWarnings, TokenIssuer,
} from '../../../src';
import { startApprover } from '../credentials/approver';
import { bearer, whoAmI } from '../credentials/helpers';
import { Issuer, Issuers, signed, startIssuers } from '../credentials/issuer';
import { bootControlPlane } from '../credentials/own-control-plane';
import { Cluster, scratch } from '../lab/cluster';
import { apply, asAdmin, find, kubectl, Person } from '../lab/kubectl';
import { Ended, eventually, must, RunOptions } from '../lab/process';
import { namespace, target } from '../lab/targets';

export const PLACE = 'sd-cert';
export const POD = 'ledger-0';
export const APPROVER = 'system:serviceaccount:secure-debug:certificate-approver';
const PEOPLE: { [name: string]: string[] } = {
  alice: ['oncall-payments', 'staff'], bob: ['engineers'], lea: ['leads'], eve: ['staff'],
};
/** Who somebody is for the API server. */
export const user = (name: string) => `oidc:${name}@example.com`;

export interface Wish {
  readonly subject?: string;
  readonly who?: string;
  /** None with 0. */
  readonly seconds?: number;
  readonly dryRun?: boolean;
}

/**
 * A control plane of this file's own, on which people log in by OpenID Connect and every guardrail is in force in the whole cluster, under
 * the names that they have.
 */
export class CertScene {
  public readonly folder: string;
  public readonly who: Record<string, Person> = {};
  public cluster!: Cluster;
  public objects!: any[];
  private issuers!: Issuers;
  private people!: Issuer;
  private approver?: Awaited<ReturnType<typeof startApprover>>;
  private stopPlane?: () => Promise<unknown>;

  public constructor(private readonly given: Cluster) {
    this.folder = scratch(given, 'cert');
  }

  public async raise(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.issuers = await startIssuers(join(this.folder, 'issuers'), { people: { idTokenSeconds: 600, accounts: {} } });
    this.people = this.issuers.named.people;
    const issuer = new TokenIssuer({
      issuerUrl: this.people.url, certificateAuthority: this.issuers.authority, audiences: ['kubectl'], maxTokenLife: Duration.minutes(30), groups: [...new Set(Object.values(PEOPLE).flat())],
    });
    const file = join(this.folder, 'authentication.yaml');
    writeFileSync(file, new AuthenticationConfiguration(new ControlPlane({ clusterVersion: this.given.version }), 'login', { issuers: [issuer] }).toYaml());
    const [plane] = await Promise.all([bootControlPlane(this.given, join(this.folder, 'plane'), file), build()]);
    this.cluster = plane.cluster;
    this.stopPlane = plane.stop;
    this.objects = this.declared();
    const isPolicy = ({ kind }: any) => kind.startsWith('ValidatingAdmissionPolicy');
    const isPlace = ({ kind }: any) => kind === 'Namespace';
    await apply(this.cluster, [namespace(PLACE), ...this.objects.filter(isPlace)]);
    await apply(this.cluster, this.objects.filter(isPolicy));
    await apply(this.cluster, this.objects.filter(one => !isPolicy(one) && !isPlace(one)));
    await apply(this.cluster, [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: PLACE } }, target(this.cluster, PLACE, POD),
    ]);
    await Promise.all(Object.keys(PEOPLE).map(async name => { this.who[name] = { ...await bearer(this.cluster, this.token(name)), name: `${name}-cert` }; }));
    await eventually('people to log in', async () => (await Promise.all(Object.values(this.who).map(whoAmI))).every(({ status }) => status === 201) || undefined, 90_000);
    this.who.admin = { name: 'admin-cert', groups: ['system:masters'], kubeconfig: this.cluster.kubeconfig };
    this.approver = await startApprover(this.cluster, join(this.folder, 'approver'), this.objects);
    await eventually('the guardrails to decide', async () => {
      const token = await kubectl(this.cluster, this.who.admin, ['create', 'token', 'default', '-n', PLACE, '--as=root', '--as-group=system:masters']);
      const endless = await this.create('probe', { seconds: 0, dryRun: true });
      return token.stderr.includes('secure-debug-identities') && endless.stderr.includes('secure-debug-certificates') || undefined;
    });
  }

  /** A request by hand, as who tries to get more would make it. */
  public async create(name: string, { subject = `/O=oidc:oncall-payments/CN=${user('alice')}`, who = 'alice', seconds = 600, dryRun = false }: Wish = {}): Promise<Ended> {
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    const pem = await must('openssl', ['req', '-new', ...ec, '-nodes', '-batch', '-keyout', join(this.folder, `${name}.key`), '-subj', subject], { env: process.env });
    const manifest = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name },
      spec: {
        request: Buffer.from(pem).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth', 'digital signature'], ...seconds > 0 && { expirationSeconds: seconds },
      },
    };
    return kubectl(this.cluster, this.who[who], ['create', '-f', '-', ...dryRun ? ['--dry-run=server'] : []], { stdin: JSON.stringify(manifest) });
  }

  public async raze(): Promise<void> {
    this.approver?.child.kill('SIGCONT');
    this.approver?.child.kill('SIGTERM');
    await this.stopPlane?.();
    this.issuers?.stop();
    demolish();
  }

  /** `secure-debug cert …` as somebody who has logged in. */
  public run(name: string, ...args: string[]): Promise<Ended> {
    return this.program(name, ['cert', ...args]);
  }

  public program(name: string, args: string[], options: RunOptions = {}): Promise<Ended> {
    return secureDebug(this.cluster, this.who[name], args, options);
  }

  /** Somebody's home. */
  public home(name: string): string {
    return join(this.cluster.folder, 'home', this.who[name].name);
  }

  /** The approver is away. Its process is stopped, not ended, so that it finds what was asked meanwhile. */
  public async whileAway<T>(act: () => Promise<T>): Promise<T> {
    this.approver!.child.kill('SIGSTOP');
    try {
      return await act();
    } finally {
      this.approver!.child.kill('SIGCONT');
    }
  }

  public approverLog(): any[] {
    return this.approver!.log().trim().split('\n').map(line => JSON.parse(line));
  }

  public async requests(): Promise<any[]> {
    return (await find(this.cluster, ['certificatesigningrequests']))?.items ?? [];
  }

  /** Makes the cluster one without CertificateAccess, for a while. */
  public async withoutAccess<T>(act: () => Promise<T>): Promise<T> {
    const policy = this.objects.filter(({ kind, metadata }) => kind.startsWith('ValidatingAdmissionPolicy') && metadata.name === 'secure-debug-certificates');
    return this.whileAway(async () => {
      await asAdmin(this.cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', 'secure-debug-certificates']);
      try {
        return await act();
      } finally {
        await asAdmin(this.cluster, ['delete', 'certificatesigningrequests', '--all']);
        await apply(this.cluster, policy);
      }
    });
  }

  private token(name: string): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.people.url, aud: 'kubectl', sub: name, email: `${name}@example.com`, email_verified: true, groups: PEOPLE[name], iat: now, exp: now + 1_500 };
    return signed(this.people, claims);
  }

  private declared(): any[] {
    const chart = new Chart(new App(), 'suite');
    for (const { id } of SecureDebugWarnings.rules()) SecureDebugWarnings.acknowledge(chart, id, 'what it warns of is what the suite tries');
    const mode = GuardrailMode.DENY;
    const diagnostics = CommandSet.readOnlyDiagnostics();
    new BindingGuardrail(chart, 'bindings', {
      mode, identities: [GitOpsIdentity.serviceAccount(PLACE, 'deployer')], exceptions: [GuardrailException.user('admin', 'prepares the suite')],
    });
    new CertificateAccess(chart, 'certificates', { groups: ['oidc:oncall-payments', 'oidc:engineers'] });
    new AccessRequestPolicy(chart, 'requests');
    new ExecGuardrail(chart, 'exec', { mode, namespaces: [PLACE], commandSets: [diagnostics] });
    new OnCallDebugAccess(chart, 'oncall', { namespace: PLACE, group: 'oidc:oncall-payments' });
    new ExecAccess(chart, 'may-exec', { namespace: PLACE, group: 'oidc:oncall-payments', commandSets: [diagnostics.name] });
    new JustInTimeAccess(chart, 'jit', { namespace: PLACE, requests: { requesters: ['oidc:engineers'], approvers: ['oidc:leads'], commandSets: [diagnostics.name] } });
    return chart.toJson();
  }
}

import { App, Chart, Duration } from 'cdk8s';
import { AccessRequestPolicy, AccessRequests, BreakGlassAccess, DebugCapability, JustInTimeAccess } from '../../../src';
import { Answer, Api } from '../lab/api';
import { Cluster } from '../lab/cluster';
import { apply, asAdmin, Person } from '../lab/kubectl';
import { people, serviceAccount } from '../lab/people';
import { eventually, inParallel } from '../lab/process';
import { namespace, remove } from '../lab/targets';

export const RBAC = 'rbac.authorization.k8s.io';
export const MERGE = 'application/merge-patch+json';
export const JSON_PATCH = 'application/json-patch+json';
export const STRATEGIC = 'application/strategic-merge-patch+json';
export const APPLY = 'application/apply-patch+yaml';
const KEY = 'secure-debug.internal/';
export const key = (name: string) => `${KEY}${name}`;

export const user = (name: string) => ({ apiGroup: RBAC, kind: 'User', name });
export const group = (name: string) => ({ apiGroup: RBAC, kind: 'Group', name });

/** A timer as its maker sees it. */
export interface Timer {
  readonly name: string;
  readonly uid: string;
  readonly seconds: number;
  /** When it ends. */
  readonly ends: string;
}

export interface Ask {
  readonly seconds?: number;
  /** The timer, if it is another than a new one. */
  readonly timer?: Timer;
  /** Ask for it at once. */
  readonly granted?: boolean;
  /** Changes the request before it is sent. */
  readonly change?: (binding: any) => void;
  readonly namespace?: string;
}

/** `seconds` after a time, as requests write it. */
export const after = (time: string, seconds: number) => new Date(Date.parse(time) + seconds * 1000).toISOString().replace(/\.000Z$/, 'Z');

/** Namespaces, people and policies of one test file, under names of its own, so that files can run side by side. */
export class Scene {
  public who!: Record<string, Person>;
  public readonly place: string;
  public readonly other: string;
  private readonly apis = new Map<string, Api>();
  private timers = 0;

  /** @param suite becomes part of every name */
  public constructor(public readonly cluster: Cluster, private readonly suite: string) {
    this.place = `sd-${suite}`;
    this.other = `sd-${suite}-other`;
  }

  public name(person: string): string {
    return `${person}-${this.suite}`;
  }

  /** Directories name groups like this one for security. */
  public group(name: string): string {
    return `${name === 'security' ? 'cn=' : ''}${name}-${this.suite}`;
  }

  /** What is declared: a Role of each kind of terms, and the policies, which here are about the namespaces of this file only. */
  public declared(): any[] {
    const chart = new Chart(new App(), 'suite');
    const g = (name: string) => this.group(name);
    new AccessRequestPolicy(chart, 'policy');
    for (const place of [this.place, this.other]) {
      new JustInTimeAccess(chart, place, {
        namespace: place,
        requests: { requesters: [g('developers')], approvers: [g('leads')], maxDurationByGroup: [{ group: g('contractors'), maxDuration: Duration.minutes(10) }], commandSets: ['diagnostics'] },
      });
    }
    new JustInTimeAccess(chart, 'quorum', {
      namespace: this.place,
      requests: {
        profile: 'quorum', requesters: [g('developers')], approvers: [g('leads'), g('security')], approvals: 2, quorum: [{ group: g('security'), approvals: 1 }], maxDuration: Duration.hours(2),
      },
    });
    new JustInTimeAccess(chart, 'oncall', {
      namespace: this.place, requests: { profile: 'oncall', requesters: [g('developers'), g('oncall')], autoApprove: [g('oncall')], approvers: [g('leads')] },
    });
    // All of its rights are those of an administrator of the namespace too, so RBAC leaves it to the policies.
    new JustInTimeAccess(chart, 'logs', {
      namespace: this.place, capabilities: [DebugCapability.READ_LOGS], requests: { profile: 'logs', requesters: [g('developers')], approvers: [g('leads')] },
    });
    new BreakGlassAccess(chart, 'glass', { namespace: this.place, requesters: [g('oncall')], approvers: [g('leads')], ticketPattern: 'INC-[0-9]+' });
    return chart.toJson().map((object: any) => this.here(object));
  }

  /** The policy under a name of this file, for its namespaces alone. */
  private here(object: any): any {
    if (!object.kind.startsWith('ValidatingAdmissionPolicy')) return object;
    object.metadata.name = `${object.metadata.name}-${this.suite}`;
    if (object.kind === 'ValidatingAdmissionPolicyBinding') {
      object.spec.policyName = object.metadata.name;
      object.spec.matchResources = { namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: [this.place, this.other] }] } };
    }
    return object;
  }

  public policies(): string[] {
    return ['requests', 'timers', 'terms'].map(name => `secure-debug-${name}-${this.suite}`);
  }

  public async raise(): Promise<void> {
    await this.raze();
    await apply(this.cluster, [namespace(this.place), namespace(this.other)]);
    const declared = this.declared();
    const isPolicy = (object: any) => object.kind.startsWith('ValidatingAdmissionPolicy');
    await apply(this.cluster, declared.filter(isPolicy));
    await apply(this.cluster, [...declared.filter(object => !isPolicy(object)), ...this.surroundings()]);
    const cast = Object.entries(this.casting()).map(([name, groups]) => ({ name: this.name(name), groups: groups.map(one => this.group(one)) }));
    const made = await people(this.cluster, cast);
    this.who = Object.fromEntries(Object.keys(this.casting()).map(name => [name, made[this.name(name)]]));
    this.who.robot = await serviceAccount(this.cluster, this.place, 'robot');
    this.who.cleaner = await serviceAccount(this.cluster, this.place, 'cleaner');
    await this.decided();
  }

  /** Waits until each policy refuses what it has to. */
  private async decided(): Promise<void> {
    await eventually('the policies to decide', async () => {
      const asked = await Promise.all([
        this.send('admin', 'POST', this.path('rolebindings'), this.binding('probe', 'debug-grant', [user('nobody')]), undefined, true),
        this.send('admin', 'POST', this.path('rolebindings', undefined, this.other), this.binding('probe', 'debug-grant', [user('nobody')], this.other), undefined, true),
        this.send('mallory', 'POST', this.path('rolebindings'), this.toClusterRole('probe', 'view', [user('nobody')]), undefined, true),
        this.wrongTimer(),
        this.send('mallory', 'POST', this.path('roles'), { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name: 'debug-grant-probe' }, rules: [] }, undefined, true),
      ]);
      return asked.every(({ body }) => /ValidatingAdmissionPolicy/.test(body.message)) || undefined;
    });
  }

  /** A timer whose name says another time than it has. */
  private wrongTimer(): Promise<Answer> {
    return this.send('admin', 'POST', this.path('jobs'), { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'debug-timer-1-a' }, spec: this.spec(2) }, undefined, true);
  }

  /** Takes the policy on timers away, for good, and waits until it does not decide any more. */
  public async withoutTimersPolicy(): Promise<void> {
    await asAdmin(this.cluster, ['delete', 'validatingadmissionpolicybinding', this.policies().find(name => name.includes('timers'))!]);
    await eventually('the policy on timers to be gone', async () => (await this.wrongTimer()).status === 201 || undefined);
  }

  /** Does something while the policies do not hold, and waits until they do again. */
  public async unguarded(act: () => Promise<unknown>): Promise<void> {
    const bindings = this.declared().filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
    await asAdmin(this.cluster, ['delete', 'validatingadmissionpolicybinding', ...this.policies()]);
    try {
      await eventually('the policies to be gone', async () => {
        const { status } = await this.send('admin', 'POST', this.path('rolebindings'), this.binding('probe', 'debug-grant', [user('nobody')]), undefined, true);
        return status === 201 || undefined;
      });
      await act();
    } finally {
      await apply(this.cluster, bindings);
      await this.decided();
    }
  }

  public async raze(): Promise<void> {
    this.apis.forEach(api => api.close());
    this.apis.clear();
    await asAdmin(this.cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', '--ignore-not-found', ...this.policies()]);
    await asAdmin(this.cluster, ['delete', 'clusterrolebinding', '--ignore-not-found', `sd-${this.suite}-admin`, `sd-${this.suite}-impersonator`]);
    await asAdmin(this.cluster, ['delete', 'clusterrole', '--ignore-not-found', `sd-${this.suite}-impersonator`]);
    await remove(this.cluster, [this.place, this.other]);
  }

  /** Who is in which groups. */
  private casting(): Record<string, string[]> {
    return {
      admin: [],
      alice: ['developers'],
      bob: ['leads'],
      carol: ['leads', 'security'],
      dave: ['oncall'],
      erin: ['developers', 'leads'],
      frank: ['security'],
      grace: ['developers', 'contractors'],
      /** Edits the namespace, and requests. */
      mallory: ['developers', 'namespace-admins'],
      /** On call, and may approve. */
      oscar: ['oncall', 'leads'],
      /** May act as others. */
      peggy: ['impersonators'],
      /** In no group that counts. */
      trent: ['visitors'],
    };
  }

  private surroundings(): object[] {
    const bind = (name: string, kind: string, role: string, subjects: object[], place?: string) => ({
      apiVersion: `${RBAC}/v1`, kind: place ? 'RoleBinding' : 'ClusterRoleBinding', metadata: { name, namespace: place }, roleRef: { apiGroup: RBAC, kind, name: role }, subjects,
    });
    const account = (name: string) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: this.place } });
    return [
      account('robot'),
      account('cleaner'),
      bind(`sd-${this.suite}-admin`, 'ClusterRole', 'cluster-admin', [user(this.name('admin'))]),
      bind('admins', 'ClusterRole', 'admin', [group(this.group('namespace-admins'))], this.place),
      bind('robot', 'Role', 'request-debug-grant', [{ kind: 'ServiceAccount', name: 'robot', namespace: this.place }], this.place),
      {
        apiVersion: `${RBAC}/v1`,
        kind: 'Role',
        metadata: { name: 'expired-access-cleanup', namespace: this.place },
        rules: [
          { apiGroups: [RBAC], resources: ['rolebindings'], verbs: ['list', 'get', 'delete'] },
          { apiGroups: ['secure-debug.internal'], resources: ['accessrequests'], verbs: ['expire'] },
        ],
      },
      bind('expired-access-cleanup', 'Role', 'expired-access-cleanup', [{ kind: 'ServiceAccount', name: 'cleaner', namespace: this.place }], this.place),
      { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name: `sd-${this.suite}-impersonator` }, rules: [{ apiGroups: [''], resources: ['users', 'groups'], verbs: ['impersonate'] }] },
      bind(`sd-${this.suite}-impersonator`, 'ClusterRole', `sd-${this.suite}-impersonator`, [group(this.group('impersonators'))]),
    ];
  }

  public path(resource: 'rolebindings' | 'roles' | 'jobs' | 'pods', name?: string, place = this.place): string {
    const base = { rolebindings: `/apis/${RBAC}/v1`, roles: `/apis/${RBAC}/v1`, jobs: '/apis/batch/v1', pods: '/api/v1' }[resource];
    return `${base}/namespaces/${place}/${resource}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
  }

  public send(person: string, method: string, path: string, body?: object, type?: string, dryRun = false): Promise<Answer> {
    let api = this.apis.get(person);
    if (!api) this.apis.set(person, api = new Api(this.who[person]));
    return api.send(method, dryRun ? `${path}${path.includes('?') ? '&' : '?'}dryRun=All` : path, body, type);
  }

  public binding(name: string, role: string, subjects: object[] = [], place = this.place): any {
    return { apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: { name, namespace: place }, roleRef: { apiGroup: RBAC, kind: 'Role', name: role }, ...subjects.length && { subjects } };
  }

  public toClusterRole(name: string, role: string, subjects: object[]): any {
    return { ...this.binding(name, role, subjects), roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role } };
  }

  public spec(seconds: number): any {
    return AccessRequests.timer(this.place, seconds, 'x').spec;
  }

  private unique(): string {
    return `t${++this.timers}${process.pid}`;
  }

  /** Asks for a timer. */
  public startTimer(person: string, seconds: number, change: (job: any) => void = () => undefined, place = this.place): Promise<Answer> {
    const job = AccessRequests.timer(place, seconds, this.unique());
    change(job);
    return this.send(person, 'POST', this.path('jobs', undefined, place), job);
  }

  public async timer(person: string, seconds: number, place = this.place): Promise<Timer> {
    const { status, body } = await this.startTimer(person, seconds, undefined, place);
    if (status !== 201) throw new Error(`no timer for ${person}: ${status} ${body.message}`);
    return { name: body.metadata.name, uid: body.metadata.uid, seconds, ends: after(body.metadata.creationTimestamp, seconds) };
  }

  /** The request that a person writes. */
  public async request(person: string, role: string, options: Ask = {}): Promise<any> {
    const place = options.namespace ?? this.place;
    const timer = options.timer ?? await this.timer(person, options.seconds ?? 600, place);
    const binding = AccessRequests.manifest({
      namespace: place, role, requestedBy: this.who[person].name, reason: 'the ledger is stuck', ticket: 'INC-42', expiresAt: timer.ends, timer: timer.name, timerUid: timer.uid, granted: options.granted,
    });
    options.change?.(binding);
    return binding;
  }

  public async ask(person: string, role: string, options: Ask = {}): Promise<Answer> {
    return this.send(person, 'POST', this.path('rolebindings', undefined, options.namespace), await this.request(person, role, options));
  }

  /** A request that is there; returns its RoleBinding. */
  public async asked(person: string, role: string, options: Ask = {}): Promise<any> {
    const { status, body } = await this.ask(person, role, options);
    if (status !== 201) throw new Error(`${person} could not ask for ${role}: ${status} ${body.message}`);
    return body;
  }

  public patch(person: string, binding: any, body: object, type = MERGE): Promise<Answer> {
    return this.send(person, 'PATCH', this.path('rolebindings', binding.metadata.name, binding.metadata.namespace), body, type);
  }

  /** What an approver sends. */
  public approval(binding: any, lines: [string, string][], granted: boolean | string): object {
    const name = typeof granted === 'string' ? granted : binding.metadata.annotations[key('requested-by')];
    return {
      metadata: { annotations: { [key('approvals')]: lines.map(([person, of]) => `${this.who[person].name} as ${this.group(of)}`).join('\n') } },
      ...granted && { subjects: [user(name)] },
    };
  }

  public approve(person: string, binding: any, lines: [string, string][], granted: boolean | string = true): Promise<Answer> {
    return this.patch(person, binding, this.approval(binding, lines, granted));
  }

  public close(person: string, binding: any, how: string, more: object = {}): Promise<Answer> {
    return this.patch(person, binding, {
      metadata: { annotations: { [key('closed')]: how, [key('closed-by')]: this.who[person].name, [key('closed-reason')]: 'enough' } }, subjects: null, ...more,
    });
  }

  public delete(person: string, binding: any, body?: object): Promise<Answer> {
    return this.send(person, 'DELETE', this.path('rolebindings', binding.metadata.name, binding.metadata.namespace), body);
  }

  public async find(binding: any): Promise<any> {
    const { status, body } = await this.send('admin', 'GET', this.path('rolebindings', binding.metadata.name, binding.metadata.namespace));
    return status === 200 ? body : undefined;
  }

  /** Whether somebody may do something in the namespace, by the API server's own account. */
  public async may(person: string, verb: string, resource: string, more: object = {}): Promise<boolean> {
    const [plain, subresource] = resource.split('/');
    const { body } = await this.send(person, 'POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: { namespace: this.place, verb, resource: plain, subresource, ...more } },
    });
    return body.status.allowed;
  }

  /** Removes every request, so that each test begins alike. */
  public async clear(): Promise<void> {
    await inParallel(2, [this.place, this.other], async place => {
      const { body } = await this.send('admin', 'GET', `${this.path('rolebindings', undefined, place)}?labelSelector=${encodeURIComponent(key('request-for'))}`);
      await inParallel(4, body.items as any[], item => this.delete('admin', { metadata: { ...item.metadata, namespace: place } }));
    });
  }
}

/** It went through. */
export function passed({ status, body }: Answer): any {
  expect({ status, message: body?.message }).toEqual({ status: status === 201 ? 201 : 200, message: undefined });
  return body;
}

/** A policy refused it, and said why. */
export function refused({ status, body }: Answer, why: RegExp): void {
  const [, policy, message] = /ValidatingAdmissionPolicy '(?:secure-debug-)?([a-z]+)[^']*' with binding '[^']*' denied request: ([^]*)$/.exec(body?.message ?? '') ?? [undefined, 'none', body?.message];
  expect({ status, policy, message }).toEqual({ status: 403, policy: expect.stringMatching(/^(requests|timers|terms)$/), message: expect.stringMatching(why) });
}

/** RBAC refused it before any policy was asked. */
export function refusedByRbac({ status, body }: Answer): void {
  expect({ status, message: body?.message }).toEqual({ status: 403, message: expect.not.stringContaining('ValidatingAdmissionPolicy') });
}

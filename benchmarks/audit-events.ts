/**
 * Writes an audit log: npx tsx benchmarks/audit-events.ts EVENTS FILE
 *
 * The same number gives the same bytes. Of 100 events 97 are of controllers, kubelets and other machines, 3 of people, 1 is a debug
 * request. Decoys contain the words that a search by text looks for: a namespace `executor`, a Deployment `attach`, labels with `"exec"`.
 */
import { closeSync, openSync, writeSync } from 'fs';

/** Numbers from 0 to 1, always the same ones for a seed (Lehmer). */
function random(seed: number): () => number {
  let state = 1 + seed % 2147483646;
  return () => {
    state = state * 48271 % 2147483647;
    return state / 2147483647;
  };
}

const START = Date.UTC(2026, 2, 1);
const DAY = 86_400_000;
const NAMESPACES = ['payments', 'search', 'executor', 'cart', 'checkout', 'kube-system', 'monitoring', 'attach-service', 'web', 'ledger'];
const PEOPLE = 40;
const TEAMS = ['payments', 'search', 'cart', 'web'];
const EMPTY = '';

class Writer {
  private readonly next: () => number;
  private readonly fd: number;
  private chunk: string[] = [];
  private held = 0;
  private written = 0;

  public constructor(file: string, private readonly count: number) {
    this.next = random(count);
    this.fd = openSync(file, 'w');
  }

  public run(): void {
    while (this.written < this.count) {
      const dice = this.next();
      if (dice < 0.003) this.exec();
      else if (dice < 0.0042) this.refused();
      else if (dice < 0.0055) this.debugContainer();
      else if (dice < 0.0058) this.administrator();
      else if (dice < 0.006) this.request();
      else if (dice < 0.025) this.person();
      else this.machine();
    }
    this.flush();
    closeSync(this.fd);
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.next() * from.length)];
  }

  private hex(length: number): string {
    let text = '';
    while (text.length < length) text += Math.floor(this.next() * 2 ** 32).toString(16).padStart(8, '0');
    return text.slice(0, length);
  }

  private id(): string {
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-a${this.hex(3)}-${this.hex(12)}`;
  }

  private pod(namespace: string): string {
    return `${namespace}-api-${this.hex(9)}-${this.hex(5)}`;
  }

  private user(): { username: string; groups: string[]; team: string } {
    const number = Math.floor(this.next() * PEOPLE);
    const team = TEAMS[number % TEAMS.length];
    return { username: `person-${number}@example.org`, groups: [`oncall-${team}`, 'developers', 'system:authenticated'], team };
  }

  /** Microseconds since the log began; events are spread over a day, whatever their number. */
  private now(): number {
    return Math.floor((this.written / this.count) * DAY * 1000);
  }

  private put(event: object): void {
    if (this.written >= this.count) return;
    this.written++;
    // The API server writes `&` so.
    const line = `${JSON.stringify(event).replace(/&/g, '\\u0026')}\n`;
    this.chunk.push(line);
    this.held += line.length;
    if (this.held > 4_000_000) this.flush();
  }

  private flush(): void {
    writeSync(this.fd, this.chunk.join(''));
    this.chunk = [];
    this.held = 0;
  }

  private event(more: any, at = this.now(), took = 4_000): any {
    const { stage = 'ResponseComplete', level = 'Metadata', auditID = this.id(), requestURI, verb, user, impersonatedUser, client, objectRef, code = 200, message, reason, requestObject, annotations } = more;
    return {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level,
      auditID,
      stage,
      requestURI,
      verb,
      user: {
        username: user.username,
        uid: `${this.hex(8)}-5d1c-4b5e-9c53-31b6f7a1d2c4`,
        groups: user.groups,
        extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${'4f2d9c01'.repeat(8)}`], 'authentication.kubernetes.io/node-name': ['worker-3'] },
      },
      ...impersonatedUser && { impersonatedUser },
      sourceIPs: [`10.0.${Math.floor(this.next() * 8)}.${Math.floor(this.next() * 250)}`],
      userAgent: client,
      objectRef,
      responseStatus: code < 400 ? { metadata: {}, code } : { metadata: {}, status: 'Failure', message, reason: 'Forbidden', code },
      ...requestObject && { requestObject },
      requestReceivedTimestamp: time(at),
      stageTimestamp: time(at + took),
      annotations: { 'authorization.k8s.io/decision': code === 403 ? 'forbid' : 'allow', 'authorization.k8s.io/reason': reason, ...annotations },
    };
  }

  private machine(): void {
    const namespace = this.pick(NAMESPACES);
    const dice = this.next();
    const node = `worker-${Math.floor(this.next() * 200)}`;
    const kubelet = { user: { username: `system:node:${node}`, groups: ['system:nodes', 'system:authenticated'] }, client: 'kubelet/v1.36.3 (linux/amd64) kubernetes/4c2e1f5' };
    if (dice < 0.3) {
      this.put(this.event({
        ...kubelet,
        verb: this.next() < 0.5 ? 'get' : 'update',
        requestURI: `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node}?timeout=10s`,
        objectRef: { resource: 'leases', namespace: 'kube-node-lease', name: node, uid: this.id(), apiGroup: 'coordination.k8s.io', apiVersion: 'v1', resourceVersion: '48211907' },
        reason: EMPTY,
      }));
    } else if (dice < 0.55) {
      this.put(this.event({
        ...kubelet,
        level: 'Request',
        verb: 'patch',
        requestURI: `/api/v1/namespaces/${namespace}/pods/${this.pod(namespace)}/status`,
        objectRef: { resource: 'pods', namespace, name: this.pod(namespace), apiVersion: 'v1', subresource: 'status' },
        reason: EMPTY,
        requestObject: {
          metadata: { uid: this.id() },
          status: {
            '$setElementOrder/conditions': [{ type: 'PodReadyToStartContainers' }, { type: 'Initialized' }, { type: 'Ready' }, { type: 'ContainersReady' }, { type: 'PodScheduled' }],
            'conditions': [{ lastTransitionTime: '2026-03-01T00:00:00Z', message: null, observedGeneration: 1, reason: null, status: 'True', type: 'Ready' }],
            'containerStatuses': [{ containerID: `containerd://${this.hex(64)}`, image: `registry.example.org/${namespace}/api:1.${Math.floor(this.next() * 90)}`, name: this.next() < 0.02 ? 'exec' : 'api', ready: true, restartCount: 0, state: { running: { startedAt: '2026-03-01T00:00:00Z' } } }],
          },
        },
      }));
    } else if (dice < 0.75) {
      const resource = this.pick(['pods', 'services', 'endpointslices', 'configmaps', 'deployments']);
      this.put(this.event({
        stage: this.pick(['ResponseStarted', 'ResponseComplete']),
        verb: 'watch',
        user: { username: `system:serviceaccount:${namespace}:operator`, groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'] },
        client: 'operator/v0.0.0 (linux/amd64) kubernetes/$Format controller/executor',
        reason: `RBAC: allowed by ClusterRoleBinding "operator-${namespace}" of ClusterRole "operator" to ServiceAccount "operator/${namespace}"`,
        requestURI: `/api/v1/namespaces/${namespace}/${resource}?allowWatchBookmarks=true&labelSelector=app%3Dexec&resourceVersion=48211900&timeoutSeconds=503&watch=true`,
        objectRef: { resource, namespace, apiVersion: 'v1' },
      }));
    } else if (dice < 0.9) {
      const name = this.pick(['api', 'attach', 'exec', 'portforward', 'worker']);
      this.put(this.event({
        verb: this.pick(['get', 'list', 'update', 'patch']),
        level: 'Request',
        user: { username: 'system:serviceaccount:kube-system:deployment-controller', groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'] },
        client: 'kube-controller-manager/v1.36.3 (linux/amd64) kubernetes/4c2e1f5/system:serviceaccount:kube-system:deployment-controller',
        reason: 'RBAC: allowed by ClusterRoleBinding "system:controller:deployment-controller" of ClusterRole "system:controller:deployment-controller" to ServiceAccount "deployment-controller/kube-system"',
        requestURI: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
        objectRef: { resource: 'deployments', namespace, name, apiGroup: 'apps', apiVersion: 'v1', resourceVersion: '48211907' },
        requestObject: { metadata: { name, labels: { 'app': name, 'mode': 'exec', 'app.kubernetes.io/part-of': namespace } }, spec: { replicas: 3, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'api', image: `registry.example.org/${namespace}/api:1.20`, command: ['exec', 'api'], args: ['--listen', ':8080'] }] } } } },
      }));
    } else {
      this.put(this.event({
        verb: 'create',
        user: { username: 'system:serviceaccount:monitoring:prometheus', groups: ['system:serviceaccounts', 'system:serviceaccounts:monitoring', 'system:authenticated'] },
        client: 'prometheus/3.1.0',
        requestURI: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        code: 201,
        objectRef: { resource: 'subjectaccessreviews', apiGroup: 'authorization.k8s.io', apiVersion: 'v1' },
        level: 'Request',
        reason: 'RBAC: allowed by ClusterRoleBinding "prometheus" of ClusterRole "prometheus" to ServiceAccount "prometheus/monitoring"',
        requestObject: { kind: 'SubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', metadata: {}, spec: { resourceAttributes: { namespace, verb: 'get', resource: 'pods', subresource: this.next() < 0.1 ? 'exec' : 'status' }, user: 'x', groups: ['a', 'b', 'c'] }, status: { allowed: false } },
      }));
    }
  }

  private person(): void {
    const { team, ...user } = this.user();
    const resource = this.pick(['pods', 'deployments', 'services', 'events', 'replicasets']);
    this.put(this.event({
      verb: this.pick(['get', 'list']),
      user,
      client: 'kubectl/v1.36.3 (linux/amd64) kubernetes/4c2e1f5',
      reason: allowed(team, user.groups[0]),
      requestURI: `/api/v1/namespaces/${team}/${resource}?limit=500`,
      objectRef: { resource, namespace: team, apiVersion: 'v1' },
    }));
  }

  /** By WebSocket or SPDY: started, and complete up to half an hour later; what comes between is of others. */
  private exec(): void {
    const { team, ...user } = this.user();
    const subresource = this.pick(['exec', 'exec', 'exec', 'attach', 'portforward']);
    const name = this.pod(team);
    const old = this.next() < 0.3;
    const at = this.now();
    const shared = {
      auditID: this.id(),
      verb: old ? 'create' : 'get',
      user,
      client: `kubectl/v1.${old ? 29 : 36}.3 (linux/amd64) kubernetes/4c2e1f5`,
      code: 101,
      reason: allowed(team, user.groups[0]),
      requestURI: `/api/v1/namespaces/${team}/pods/${name}/${subresource}${subresource === 'exec' ? `?command=sh&command=-c&command=ls+%2Ftmp%2F${this.hex(4)}&container=api&stdin=true&stdout=true` : ''}`,
      objectRef: { resource: 'pods', namespace: team, name, apiVersion: 'v1', subresource },
    };
    this.put(this.event({ ...shared, stage: 'ResponseStarted' }, at));
    this.put(this.event(shared, at, Math.floor(this.next() * 1_800_000_000)));
  }

  /** By WebSocket, and by SPDY when that is refused. */
  private refused(): void {
    const { team, ...user } = this.user();
    const namespace = this.pick(NAMESPACES);
    const name = this.pod(namespace);
    const shared = {
      user,
      client: 'kubectl/v1.36.3 (linux/amd64) kubernetes/4c2e1f5',
      code: 403,
      reason: EMPTY,
      message: `pods "${name}" is forbidden: User "${user.username}" cannot create resource "pods/exec" in API group "" in the namespace "${namespace}"`,
      requestURI: `/api/v1/namespaces/${namespace}/pods/${name}/exec?command=bash&container=api&stdin=true&stdout=true&tty=true`,
      objectRef: { resource: 'pods', namespace, name, apiVersion: 'v1', subresource: 'exec' },
    };
    this.put(this.event({ ...shared, verb: 'get' }));
    this.put(this.event({ ...shared, verb: 'create' }));
  }

  private debugContainer(): void {
    const { team, ...user } = this.user();
    const name = this.pod(team);
    const container = `debugger-${this.hex(5)}`;
    const shared = { user, client: 'kubectl/v1.36.3 (linux/amd64) kubernetes/4c2e1f5', reason: allowed(team, user.groups[0]) };
    const at = this.now();
    this.put(this.event({
      ...shared,
      level: 'Request',
      verb: 'patch',
      requestURI: `/api/v1/namespaces/${team}/pods/${name}/ephemeralcontainers`,
      objectRef: { resource: 'pods', namespace: team, name, apiVersion: 'v1', subresource: 'ephemeralcontainers' },
      requestObject: { spec: { ephemeralContainers: [{ name: container, image: 'registry.example.org/debug/tools:1.4.2', targetContainerName: 'api', stdin: true, tty: true, resources: {}, imagePullPolicy: 'IfNotPresent', terminationMessagePolicy: 'File' }] } },
    }, at));
    const stream = {
      ...shared,
      auditID: this.id(),
      verb: 'get',
      code: 101,
      requestURI: `/api/v1/namespaces/${team}/pods/${name}/attach?container=${container}&stdin=true&stdout=true&tty=true`,
      objectRef: { resource: 'pods', namespace: team, name, apiVersion: 'v1', subresource: 'attach' },
    };
    this.put(this.event({ ...stream, stage: 'ResponseStarted' }, at + 3_000_000));
    this.put(this.event(stream, at + 3_000_000, Math.floor(this.next() * 600_000_000)));
  }

  private administrator(): void {
    const namespace = this.pick(NAMESPACES);
    const name = this.pod(namespace);
    const shared = {
      auditID: this.id(),
      verb: 'get',
      user: { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] },
      client: 'kubectl/v1.36.3 (linux/amd64) kubernetes/4c2e1f5',
      code: 101,
      reason: EMPTY,
      requestURI: `/api/v1/namespaces/${namespace}/pods/${name}/exec?command=sh&container=api&stdin=true&stdout=true&tty=true`,
      objectRef: { resource: 'pods', namespace, name, apiVersion: 'v1', subresource: 'exec' },
    };
    this.put(this.event({ ...shared, stage: 'ResponseStarted' }));
    this.put(this.event(shared, this.now(), 60_000_000));
  }

  /** A request for access that is granted at once, and used. */
  private request(): void {
    const { team, ...user } = this.user();
    const binding = `break-glass:${user.username}`;
    const shared = { user, client: 'secure-debug/0.0.0', code: 201 };
    const at = this.now();
    this.put(this.event({
      ...shared,
      level: 'Request',
      verb: 'create',
      requestURI: `/apis/rbac.authorization.k8s.io/v1/namespaces/${team}/rolebindings`,
      reason: allowed(team, user.groups[0]),
      objectRef: { resource: 'rolebindings', namespace: team, name: binding, apiGroup: 'rbac.authorization.k8s.io', apiVersion: 'v1' },
      requestObject: {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: {
          name: binding,
          namespace: team,
          labels: { 'secure-debug.internal/request-for': 'break-glass' },
          annotations: {
            'secure-debug.internal/requested-by': user.username,
            'secure-debug.internal/request-reason': 'orders hang',
            'secure-debug.internal/ticket': `INC-${Math.floor(this.next() * 9_000)}`,
            'secure-debug.internal/expires-at': time(at + 3_600_000_000).replace(/\.\d+/, ''),
          },
        },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'break-glass' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user.username }],
      },
    }, at));
    const name = this.pod(team);
    const stream = {
      auditID: this.id(),
      verb: 'get',
      user,
      client: 'kubectl/v1.36.3 (linux/amd64) kubernetes/4c2e1f5',
      code: 101,
      reason: `RBAC: allowed by RoleBinding "${binding}/${team}" of Role "break-glass" to User "${user.username}"`,
      requestURI: `/api/v1/namespaces/${team}/pods/${name}/exec?command=sh&container=api&stdin=true&stdout=true&tty=true`,
      objectRef: { resource: 'pods', namespace: team, name, apiVersion: 'v1', subresource: 'exec' },
    };
    this.put(this.event({ ...stream, stage: 'ResponseStarted' }, at + 5_000_000));
    this.put(this.event(stream, at + 5_000_000, 300_000_000));
  }
}

const allowed = (team: string, group: string) => `RBAC: allowed by RoleBinding "oncall-debug/${team}" of Role "oncall-debug" to Group "${group}"`;
const time = (microseconds: number) => new Date(START + Math.floor(microseconds / 1000)).toISOString().replace('Z', `${String(microseconds % 1000).padStart(3, '0')}Z`);

/** Writes so many events to a file. */
export function writeAuditEvents(file: string, count: number): void {
  new Writer(file, count).run();
}

if (require.main === module) {
  const [count, file] = process.argv.slice(2);
  if (!/^[1-9]\d*$/.test(count ?? '') || !file) {
    console.error('Fix: npx tsx benchmarks/audit-events.ts EVENTS FILE, e.g. 1000000 /tmp/audit.log');
    process.exitCode = 2;
  } else {
    writeAuditEvents(file, Number(count));
  }
}

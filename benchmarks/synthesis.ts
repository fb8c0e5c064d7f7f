/**
 * One measurement, in a process of its own: builds N namespaces of Role, RoleBinding and NetworkPolicy and writes
 * them to a directory. `run.ts` starts it; prints one line of JSON.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'fs';
import { join } from 'path';
import { performance } from 'perf_hooks';

/** What is asked for. */
export interface Task {
  readonly contender: 'json' | 'api-objects' | 'cdk8s-plus-28' | 'secure-debug' | 'secure-debug-chart';
  /** Everything in one chart and file, or one for each namespace. */
  readonly layout: 'one' | 'each';
  /** What the on-call group may do: exec alone, or the default. */
  readonly rights: 'exec' | 'default';
  readonly namespaces: number;
  readonly outdir: string;
  /** The rules of the Role as this library joins them, for those who have to be told. */
  readonly rules: Rule[];
  /** Also return what was written. */
  readonly show?: boolean;
}

/** What was measured. */
export interface Outcome {
  /** From the first construct to the last byte written. */
  readonly milliseconds: number;
  /** Processor time of the same, all threads: it depends less on what else the machine does. */
  readonly cpuMilliseconds: number;
  readonly bytes: number;
  readonly written?: string[];
}

interface Rule { readonly apiGroups: string[]; readonly resources: string[]; readonly verbs: string[] }

const RBAC = 'rbac.authorization.k8s.io';
const DENY = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };

/** The input: no list of teams is needed, each follows from its number. */
const namespaceOf = (i: number) => `team-${i}`;
const groupOf = (i: number) => `oncall-team-${i}`;

/** The metadata that the library gives to its objects, so that all contenders write the same. */
const metadata = (component: string, name: string, namespace: string, annotations?: { [key: string]: string }) => ({
  name,
  namespace,
  labels: { 'app.kubernetes.io/managed-by': 'cdk8s-secure-debug', 'secure-debug.internal/component': component },
  ...annotations && { annotations },
});
const capabilities = ({ rights }: Task) => ({
  'secure-debug.internal/capabilities': rights === 'exec' ? 'exec' : 'attach,ephemeral-containers,exec,port-forward,read-events,read-logs,read-workloads',
});
const roleMetadata = (task: Task, namespace: string) => metadata('oncall-debug-access', 'oncall-debug', namespace, capabilities(task));
const bindingMetadata = (namespace: string) => metadata('oncall-debug-access', 'oncall-debug', namespace);
const policyMetadata = (namespace: string) => metadata('default-deny-network', 'default-deny', namespace);

/** The three objects as data: what an ApiObject is given, and what plain JSON writes. */
function objects(task: Task, i: number) {
  const namespace = namespaceOf(i);
  return [
    { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: roleMetadata(task, namespace), rules: task.rules },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: bindingMetadata(namespace),
      roleRef: { apiGroup: RBAC, kind: 'Role', name: 'oncall-debug' },
      subjects: [{ apiGroup: RBAC, kind: 'Group', name: groupOf(i) }],
    },
    { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: policyMetadata(namespace), spec: DENY },
  ];
}

/** Calls back for each number; in a chart of its own there is nothing to tell apart, in a shared one ids carry the number. */
function forEach({ namespaces }: Task, visit: (i: number) => void) {
  for (let i = 0; i < namespaces; i++) visit(i);
}

async function prepare(task: Task): Promise<() => void> {
  const { contender, layout, outdir } = task;
  const each = layout === 'each';
  if (contender === 'json') {
    return () => {
      const all: object[] = [];
      forEach(task, i => {
        if (each) writeFileSync(join(outdir, `${namespaceOf(i)}.json`), JSON.stringify(objects(task, i))); else all.push(...objects(task, i));
      });
      if (!each) writeFileSync(join(outdir, 'all.json'), JSON.stringify(all));
    };
  }

  const { ApiObject, App, Chart } = await import('cdk8s');
  const id = (name: string, i: number) => each ? name : `${name}-${i}`;
  const synthesize = (ChartClass: typeof Chart, add: (chart: InstanceType<typeof Chart>, i: number) => void) => () => {
    const app = new App({ outdir });
    const shared = each ? undefined : new ChartClass(app, 'all');
    forEach(task, i => add(shared ?? new ChartClass(app, namespaceOf(i)), i));
    app.synth();
  };

  if (contender === 'api-objects') {
    return synthesize(Chart, (chart, i) => objects(task, i).forEach(object => new ApiObject(chart, id(object.kind, i), object)));
  }
  if (contender === 'cdk8s-plus-28') {
    const plus = await import('cdk8s-plus-28');
    return synthesize(Chart, (chart, i) => {
      const namespace = namespaceOf(i);
      const role = new plus.Role(chart, id('role', i), { metadata: roleMetadata(task, namespace) });
      for (const { apiGroups, resources, verbs } of task.rules) {
        for (const apiGroup of apiGroups) role.allow(verbs, ...resources.map(resourceType => plus.ApiResource.custom({ apiGroup, resourceType })));
      }
      const binding = new plus.RoleBinding(chart, id('binding', i), { metadata: bindingMetadata(namespace), role });
      binding.addSubjects(plus.Group.fromName(chart, id('group', i), groupOf(i)));
      new plus.NetworkPolicy(chart, id('policy', i), {
        metadata: policyMetadata(namespace),
        selector: plus.Pods.all(chart, id('pods', i)),
        ingress: { default: plus.NetworkPolicyTrafficDefault.DENY },
        egress: { default: plus.NetworkPolicyTrafficDefault.DENY },
      });
    });
  }
  const { DebugCapability, DefaultDenyNetwork, OnCallDebugAccess, TeamChart } = await import('cdk8s-secure-debug');
  const ours = task.rights === 'exec' ? { capabilities: [DebugCapability.EXEC] } : {};
  return synthesize(contender === 'secure-debug' ? TeamChart : Chart, (chart, i) => {
    const namespace = namespaceOf(i);
    new OnCallDebugAccess(chart, id('oncall', i), { namespace, group: groupOf(i), ...ours });
    new DefaultDenyNetwork(chart, id('fence', i), { namespace });
  });
}

async function main() {
  const task: Task = JSON.parse(process.argv[2]);
  mkdirSync(task.outdir, { recursive: true });
  const measured = await prepare(task);
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  measured();
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const written = readdirSync(task.outdir).map(file => readFileSync(join(task.outdir, file), 'utf8'));
  const bytes = written.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const outcome: Outcome = { milliseconds, cpuMilliseconds: (user + system) / 1000, bytes, ...task.show && { written } };
  process.stdout.write(JSON.stringify(outcome));
}

void main();

/**
 * Many teams in one app: a chart each, one list that says who is on call where.
 *
 *     npx tsx --tsconfig tsconfig.dev.json examples/many-teams/main.ts [OUTDIR]
 */
import { join } from 'path';
import { App, Chart, Duration } from 'cdk8s';
import {
  AccessMatrix, AuditPolicy, ClusterReadAccess, ControlPlane, DebugCapability, DebugContainerCleanup, DefaultDenyNetwork,
  JustInTimeAccess, NetworkAllow, OnCallDebugAccess, ReadOnlyAccess, TeamChart,
} from 'cdk8s-secure-debug';

interface Team {
  readonly name: string;
  readonly namespaces: string[];
  /** More than the default, for teams that need it. */
  readonly extra?: DebugCapability[];
}

const TEAMS: Team[] = [
  { name: 'payments', namespaces: ['payments', 'ledger'] },
  { name: 'search', namespaces: ['search'], extra: [DebugCapability.READ_METRICS, DebugCapability.reading('argoproj.io', 'rollouts')] },
  { name: 'storefront', namespaces: ['storefront', 'storefront-canary'], extra: [DebugCapability.READ_CONFIG] },
];

const outdir = process.argv[2] ?? join(__dirname, 'out');
const app = new App({ outdir: join(outdir, 'manifests') });

// TeamChart keeps synthesis linear however many teams there are.
const access = TEAMS.flatMap(({ name, namespaces, extra = [] }) => {
  const chart = new TeamChart(app, name);
  namespaces.forEach(namespace => new DefaultDenyNetwork(chart, `fence-${namespace}`, { namespace, allow: [NetworkAllow.dns()] }));
  return [
    new OnCallDebugAccess(chart, 'oncall', { namespaces, group: `oncall-${name}`, capabilities: [...DebugCapability.onCallDefault(), ...extra] }),
    new ReadOnlyAccess(chart, 'read', { namespaces, group: `team-${name}` }),
  ];
});

const cluster = new Chart(app, 'cluster');
const namespaces = TEAMS.flatMap(team => team.namespaces);
access.push(new ClusterReadAccess(cluster, 'nodes', { groups: TEAMS.map(team => `oncall-${team.name}`) }));
const jit = new JustInTimeAccess(cluster, 'jit', { namespaces });
new DebugContainerCleanup(cluster, 'gc', { namespaces, maxAge: Duration.hours(1) });

const controlPlane = new ControlPlane({ outdir: join(outdir, 'control-plane') });
new AuditPolicy(controlPlane, 'audit', { access: [...access, jit] });

app.synth();
controlPlane.synth();
console.log(AccessMatrix.of(app).toText());

import { mkdtempSync, readdirSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { App, Chart, Duration, Testing } from 'cdk8s';
import {
  AccessMatrix, AttachScope, AuditPolicy, Broker, BrokerPolicy, BrokerPolicyProps, BrokerProps, CommandSet, ControlPlane, DebugCapability, DebugImage,
  ExecGuardrail, GuardrailException, GuardrailMode, OnCallDebugAccess, SecureDebugWarnings, TeamChart,
} from '../../src';
import { applied, may, newChart, title } from '../access/cluster';
import { refusal } from '../private/refusal';

const DIAGNOSTICS = CommandSet.readOnlyDiagnostics();
const TOOLS = new DebugImage('tools', { repository: 'docker.io/library/busybox', tags: ['1.36'], commandSets: [DIAGNOSTICS] });
const POLICY: BrokerPolicyProps = {
  mode: GuardrailMode.DENY,
  commandSets: [DIAGNOSTICS, CommandSet.shell()],
  debugImages: [TOOLS],
  exceptions: [GuardrailException.serviceAccount('ops', 'prober', 'runs probes by exec')],
  teams: [
    {
      name: 'payments',
      namespaces: ['payments', 'ledger'],
      onCall: ['oncall-payments'],
      commandSets: ['diagnostics'],
      debugImages: ['tools'],
      requests: [{ requesters: ['developers'], approvers: ['leads'], maxDuration: Duration.minutes(30), commandSets: ['shell'] }],
      breakGlass: { requesters: ['oncall-payments'], approvers: ['security'], commandSets: ['shell'] },
    },
    { name: 'orders', namespaces: ['orders'], requests: [{ profile: 'logs', requesters: ['orders'], approvers: ['leads'] }] },
  ],
};

const declare = (props: Partial<BrokerPolicyProps> = {}, options: Partial<BrokerProps> = {}, chart = newChart()) =>
  new Broker(chart, 'broker', { policy: BrokerPolicy.of({ ...POLICY, ...props }), ...options });
const objectsOf = (broker: Broker) => applied(Chart.of(broker));

describe('what a policy becomes', () => {
  const objects = objectsOf(declare());
  const use = (group: string, asked: string, namespace: string) => may(objects, { groups: [group] }, asked, namespace);

  it('is one policy of each kind for the cluster, and Roles by team', () => {
    expect(objects.map(title).filter(name => name.startsWith('ValidatingAdmissionPolicy '))).toEqual([
      'ValidatingAdmissionPolicy secure-debug-requests', 'ValidatingAdmissionPolicy secure-debug-timers', 'ValidatingAdmissionPolicy secure-debug-terms',
      'ValidatingAdmissionPolicy secure-debug-exec', 'ValidatingAdmissionPolicy secure-debug-containers',
    ]);
    expect(objects.map(title).filter(name => /^Role (?!.*\/take-)/.test(name))).toEqual([
      'Role orders/debug-grant-logs', 'Role orders/request-debug-grant-logs', 'Role orders/approve-debug-grant-logs',
      ...['ledger', 'payments'].map(namespace => `Role ${namespace}/oncall-debug`),
      ...['ledger', 'payments'].map(namespace => `Role ${namespace}/debug-exec-oncall-payments`),
      ...['ledger', 'payments'].map(namespace => `Role ${namespace}/debug-container-oncall-payments`),
      ...['ledger', 'payments'].flatMap(namespace => ['', 'request-', 'approve-'].map(prefix => `Role ${namespace}/${prefix}debug-grant`)),
      ...['ledger', 'payments'].flatMap(namespace => ['', 'request-', 'approve-'].map(prefix => `Role ${namespace}/${prefix}break-glass`)),
    ]);
  });

  it('lets those on call exec and use the sets they are given, in their namespaces only', () => {
    expect(use('oncall-payments', 'create pods/exec web-0', 'payments')).toBe(true);
    expect(use('oncall-payments', 'use secure-debug.internal/commandsets diagnostics', 'ledger')).toBe(true);
    expect(use('oncall-payments', 'use secure-debug.internal/debugimages tools', 'ledger')).toBe(true);
    expect(use('oncall-payments', 'use secure-debug.internal/commandsets shell', 'payments')).toBe(false);
    expect(use('oncall-payments', 'create pods/exec web-0', 'orders')).toBe(false);
  });

  it('lets requesters ask and approvers approve, and gives neither the Role itself', () => {
    expect(use('developers', 'request secure-debug.internal/accessrequests debug-grant', 'payments')).toBe(true);
    expect(use('developers', 'approve secure-debug.internal/accessrequests debug-grant', 'payments')).toBe(false);
    expect(use('leads', 'approve secure-debug.internal/accessrequests debug-grant', 'payments')).toBe(true);
    expect(use('developers', 'create pods/exec web-0', 'payments')).toBe(false);
    expect(use('oncall-payments', 'request secure-debug.internal/accessrequests break-glass', 'payments')).toBe(true);
    const grant = objects.find(object => title(object) === 'Role payments/debug-grant');
    expect(grant.metadata.annotations['secure-debug.internal/max-seconds']).toBe('1800');
    expect(grant.rules).toContainEqual({ apiGroups: ['secure-debug.internal'], resources: ['commandsets'], resourceNames: ['shell'], verbs: ['use'] });
  });

  it('guards the namespaces of all teams, lets the exceptions pass, and refuses in mode DENY', () => {
    for (const name of ['secure-debug-exec', 'secure-debug-containers']) {
      const [policy, binding] = objects.filter(object => object.metadata.name === name);
      expect(binding.spec.matchResources.namespaceSelector.matchExpressions[0].values).toEqual(['ledger', 'orders', 'payments']);
      expect(binding.spec.validationActions).toEqual(['Deny', 'Audit']);
      expect(JSON.stringify(policy.spec.matchConditions)).toContain('system:serviceaccount:ops:prober');
    }
  });

  it('opens attach to debug containers for who may use debug images, since kubectl debug attaches', () => {
    expect(use('oncall-payments', 'use secure-debug.internal/streams attach-debugger', 'payments')).toBe(true);
    expect(use('oncall-payments', 'use secure-debug.internal/streams attach', 'payments')).toBe(false);
    const [payments, orders] = POLICY.teams;
    const without = objectsOf(declare({ teams: [{ ...payments, attach: AttachScope.NONE }, orders] }));
    expect(may(without, { groups: ['oncall-payments'] }, 'use secure-debug.internal/streams attach-debugger', 'payments')).toBe(false);
  });

  it('is what the matrix, an audit policy and escape hatches see', () => {
    const broker = declare();
    expect(broker.grants.map(({ namespace, roleName, onRequest = false }) => `${namespace} ${roleName} ${onRequest}`)).toEqual([
      'ledger break-glass true', 'ledger debug-grant true', 'ledger oncall-debug false', 'orders debug-grant-logs true',
      'payments break-glass true', 'payments debug-grant true', 'payments oncall-debug false',
    ]);
    expect(AccessMatrix.of(Chart.of(broker)).toText()).toContain('oncall-payments');
    expect(() => new AuditPolicy(new ControlPlane(), 'audit', { access: [broker] })).not.toThrow();
    expect([broker.onCallAccess.length, broker.requestableAccess.length, broker.breakGlassAccess.length]).toEqual([1, 2, 1]);
    expect(broker.execGuardrail?.commandSets.map(({ name }) => name)).toEqual(['diagnostics', 'shell']);
    expect(broker.debugContainerGuardrail?.images.map(({ name }) => name)).toEqual(['tools']);
    expect(broker.accessRequestPolicy).toBeDefined();
  });
});

describe('what it leaves out', () => {
  const plain = { commandSets: undefined, debugImages: undefined, exceptions: undefined, teams: [{ name: 'payments', namespaces: ['payments'], onCall: ['oncall'] }] };

  it('guardrails without command sets and images, and the policy of requests without requests', () => {
    const broker = declare(plain);
    expect(objectsOf(broker).map(title)).toEqual(['Role payments/oncall-debug', 'RoleBinding payments/oncall-debug']);
    expect([broker.execGuardrail, broker.debugContainerGuardrail, broker.accessRequestPolicy]).toEqual([undefined, undefined, undefined]);
  });

  it('rights on guardrails for whom nothing of them is allowed', () => {
    expect(objectsOf(declare({ ...plain, commandSets: [DIAGNOSTICS], debugImages: [TOOLS] })).map(title).filter(name => /debug-(exec|container)-/.test(name))).toEqual([]);
  });

  it('the policy of requests, when another app has it', () => {
    const titles = objectsOf(declare({}, { policyElsewhere: true })).map(title);
    expect(titles).toContain('Role payments/debug-grant');
    expect(titles.filter(name => /secure-debug-(requests|timers|terms)/.test(name))).toEqual([]);
  });
});

describe('layout', () => {
  it('a chart for each team, and what is there once in that of the broker', () => {
    const app = new App();
    const broker = declare({}, { chartPerTeam: true }, new TeamChart(app, 'cluster'));
    const kinds = app.charts.map(chart => [chart.node.id, new Set(chart.toJson().map(object => object.metadata.namespace))] as const);
    expect(kinds).toEqual([
      ['cluster', new Set([undefined])],
      ['team-orders', new Set(['orders'])],
      ['team-payments', new Set(['ledger', 'payments'])],
    ]);
    expect(app.charts.flatMap(chart => chart.toJson()).map(title).sort()).toEqual(objectsOf(declare()).map(title).sort());
    expect(broker.requestableAccess.map(access => Chart.of(access).node.id)).toEqual(['team-orders', 'team-payments']);
  });

  it('the files are numbered: whoever applies a folder has the policies before the Roles that need them', () => {
    const outdir = mkdtempSync(join(tmpdir(), 'broker-'));
    try {
      const app = new App({ outdir });
      const chart = new Chart(app, 'zones');
      SecureDebugWarnings.acknowledge(chart, 'SD6002', 'an example');
      declare({}, { chartPerTeam: true }, chart);
      app.synth();
      expect(readdirSync(outdir).map(name => name.replace(/-\w{8}\.k8s/, '.k8s'))).toEqual([
        '0000-zones.k8s.yaml', '0001-zones-broker-team-orders.k8s.yaml', '0002-zones-broker-team-payments.k8s.yaml',
      ]);
    } finally {
      rmSync(outdir, { recursive: true });
    }
  });

  it('other names of the guardrails, for two brokers in one cluster', () => {
    const chart = newChart();
    declare({}, {}, chart);
    const other = BrokerPolicy.of({ commandSets: [DIAGNOSTICS], debugImages: [TOOLS], teams: [{ name: 'search', namespaces: ['search'], onCall: ['oncall-search'] }] });
    expect(refusal(() => new Broker(chart, 'same', { policy: other }))).toMatch(/declares ValidatingAdmissionPolicy secure-debug-exec a second time with different content/);
    const options = { execGuardrailName: 'search-exec', debugContainerGuardrailName: 'search-containers' };
    const another = newChart();
    declare({}, {}, another);
    expect(objectsOf(new Broker(another, 'other', { policy: other, ...options })).map(title)).toEqual(expect.arrayContaining([
      'ValidatingAdmissionPolicy search-exec', 'ValidatingAdmissionPolicy search-containers', 'ValidatingAdmissionPolicy secure-debug-exec',
    ]));
  });
});

describe('what stands in the way in the same cluster is told at its place in the policy', () => {
  const json = BrokerPolicy.of(POLICY).toJson();
  const place = (message: string) => {
    const [, line, column, rest] = /^broker\.json:(\d+):(\d+): ([^]*)$/.exec(message)!;
    return [json.split('\n')[Number(line) - 1].slice(Number(column) - 1, Number(column) + 19), rest];
  };

  it('a namespace that another guardrail guards', () => {
    const chart = newChart();
    new ExecGuardrail(chart, 'exec', { namespaces: ['ledger'], commandSets: [DIAGNOSTICS], name: 'other' });
    const [at, rest] = place(refusal(() => new Broker(chart, 'broker', { policy: BrokerPolicy.fromJson(json) })));
    expect(at).toMatch(/^"ledger"/);
    expect(rest).toMatch(/^teams\[1\]\.namespaces\[0\] = "ledger" is guarded by "chart\/exec" already/);
    expect(() => Testing.synth(chart)).toThrow('was refused, so nothing is synthesized');
  });

  it('a Role that another construct declares otherwise', () => {
    const chart = newChart();
    new OnCallDebugAccess(chart, 'oncall', { namespace: 'payments', group: 'others' });
    const [, rest] = place(refusal(() => new Broker(chart, 'broker', { policy: BrokerPolicy.fromJson(json) })));
    expect(rest).toMatch(/^teams\[1\]\.name = "oncall-debug" declares RoleBinding oncall-debug in namespace payments a second time/);
    const another = newChart();
    new OnCallDebugAccess(another, 'oncall', { namespace: 'payments', group: 'others' });
    expect(refusal(() => declare({}, {}, another))).toMatch(/^Broker: teams\[0\]\.name = /);
  });
});

describe('SD6040', () => {
  const found = (broker: Broker) => SecureDebugWarnings.of(Chart.of(broker)).filter(({ id }) => id === 'SD6040').map(({ message }) => message);

  it('a list of commands is void beside debug containers that nothing guards', () => {
    expect(found(declare({ debugImages: undefined, teams: [{ name: 'a', namespaces: ['b', 'a'], onCall: ['oncall'] }] })))
      .toEqual(['Commands are guarded, and debug containers are not: in a, b.']);
  });

  it('is no matter with debug images, without command sets, and without the capability', () => {
    expect(found(declare())).toEqual([]);
    const team = { name: 'a', namespaces: ['a'], onCall: ['oncall'] };
    expect(found(declare({ commandSets: undefined, debugImages: undefined, teams: [team] }))).toEqual([]);
    expect(found(declare({ debugImages: undefined, teams: [{ ...team, capabilities: [DebugCapability.EXEC] }] }))).toEqual([]);
  });
});

it('the JSON is for people: what fits in a line stands in one, what the library has goes by its name', () => {
  expect(BrokerPolicy.of(POLICY).toJson()).toBe(`{
  "$schema": "${JSON.parse(BrokerPolicy.schema()).$id}",
  "apiVersion": "secure-debug.internal/v1",
  "commandSets": [{ "builtIn": "diagnostics" }, { "builtIn": "shell" }],
  "debugImages": [
    { "commandSets": ["diagnostics"], "name": "tools", "repository": "docker.io/library/busybox", "tags": ["1.36"] }
  ],
  "exceptions": [{ "reason": "runs probes by exec", "serviceAccount": { "name": "prober", "namespace": "ops" } }],
  "kind": "BrokerPolicy",
  "mode": "Deny",
  "teams": [
    {
      "name": "orders",
      "namespaces": ["orders"],
      "requests": [{ "approvers": ["leads"], "profile": "logs", "requesters": ["orders"] }]
    },
    {
      "breakGlass": { "approvers": ["security"], "commandSets": ["shell"], "requesters": ["oncall-payments"] },
      "commandSets": ["diagnostics"],
      "debugImages": ["tools"],
      "name": "payments",
      "namespaces": ["ledger", "payments"],
      "onCall": ["oncall-payments"],
      "requests": [
        { "approvers": ["leads"], "commandSets": ["shell"], "maxDuration": "30m", "requesters": ["developers"] }
      ]
    }
  ]
}
`);
});

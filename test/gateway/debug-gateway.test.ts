import { execFileSync } from 'child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { App, Chart, Duration } from 'cdk8s';
import {
  Argument, BrokerPolicy, ClusterBoundary, Command, CommandSet, DebugCapability, DebugGateway, DebugGatewayProps, ExecGuardrail, GatewayIdentity,
  GatewayReach, GatewayRecording, GuardrailException, GuardrailMode,
} from '../../src';
import { refusal, rejected } from '../private/refusal';

/** The shape of a public key; no private one belongs to it. */
const key = (type: string, fill: number) => {
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return `${type} ${Buffer.concat([field(Buffer.from(type)), field(Buffer.alloc(32, fill))]).toString('base64')}`;
};
const USERS = key('ssh-ed25519', 1);
const HOSTS = key('ssh-ed25519', 2);

const PROPS: DebugGatewayProps = {
  clusterVersion: '1.36',
  deadline: Duration.hours(1),
  recording: GatewayRecording.volumeClaim('recordings'),
  targets: [{ namespace: 'payments', groups: ['oncall-payments'] }],
  userAuthorities: [`${USERS} authority of people`],
  hostAuthority: HOSTS,
  image: 'registry.example/debug-gateway:1.0.0',
};

const POLICY = (namespace: string, mode?: GuardrailMode) => BrokerPolicy.of({
  mode,
  commandSets: [
    new CommandSet('show', { commands: [Command.exact('id'), Command.withArguments(['cat'], [Argument.pathBelow('/var/log'), Argument.oneOf('a.b', 'c').optional()])] }),
    CommandSet.shell(),
  ],
  exceptions: [GuardrailException.group('operators', 'they run the operator')],
  teams: [{
    name: 'payments',
    namespaces: [namespace, 'other'],
    onCall: ['oncall-payments'],
    commandSets: ['show'],
    requests: [{ requesters: ['developers'], approvers: ['leads'], commandSets: ['shell'] }],
    breakGlass: { requesters: ['oncall-payments'], commandSets: ['shell', 'show'], capabilities: [DebugCapability.EXEC, DebugCapability.PORT_FORWARD] },
  }],
});

function make(change: Partial<DebugGatewayProps> = {}) {
  const chart = new Chart(new App(), 'chart');
  const gateway = new DebugGateway(chart, 'gateway', { ...PROPS, ...change });
  const objects: any[] = chart.toJson();
  const find = (kind: string, name?: string) => objects.find(one => one.kind === kind && (name === undefined || one.metadata.name === name));
  return { gateway, objects, find, config: JSON.parse(find('ConfigMap').data['config.json']), sshd: find('ConfigMap').data.sshd_config as string };
}
const refused = (change: any) => refusal(() => make(change));

describe('what the least makes', () => {
  const { gateway, objects, find, config } = make();

  test('a gateway in a namespace of its own, policies before everything else, and nothing that runs', () => {
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? '-'}/${metadata.name}`)).toEqual([
      'ValidatingAdmissionPolicy -/secure-debug-gateway-debug-gateway',
      'ValidatingAdmissionPolicyBinding -/secure-debug-gateway-debug-gateway',
      'ValidatingAdmissionPolicy -/secure-debug-gateway-fence-debug-gateway',
      'ValidatingAdmissionPolicyBinding -/secure-debug-gateway-fence-debug-gateway',
      'Namespace -/debug-gateway',
      'ServiceAccount debug-gateway/debug-gateway',
      'ConfigMap debug-gateway/debug-gateway',
      'CronJob debug-gateway/debug-gateway',
      'NetworkPolicy debug-gateway/debug-gateway',
      'ClusterRole -/secure-debug-debug-gateway.debug-gateway',
      'ClusterRoleBinding -/secure-debug-debug-gateway.debug-gateway',
      'Role payments/debug-gateway.debug-gateway',
      'RoleBinding payments/debug-gateway.debug-gateway',
      'Role debug-gateway/debug-gateway-starters',
      'RoleBinding debug-gateway/debug-gateway-starters',
    ]);
    expect(find('CronJob').spec.suspend).toBe(true);
    expect(gateway).toMatchObject({ name: 'debug-gateway', gatewayNamespace: 'debug-gateway', hostName: 'debug-gateway.debug-gateway', namespaces: ['payments'] });
  });

  test('both policies refuse from the first apply on, and are applied before the rights that they contain', () => {
    for (const name of ['secure-debug-gateway-debug-gateway', 'secure-debug-gateway-fence-debug-gateway']) {
      expect(find('ValidatingAdmissionPolicyBinding', name).spec.validationActions).toEqual(['Deny', 'Audit']);
      expect(find('ValidatingAdmissionPolicy', name).metadata.annotations['argocd.argoproj.io/sync-wave']).toBe('-2');
    }
    expect(find('ValidatingAdmissionPolicyBinding', 'secure-debug-gateway-debug-gateway').spec.paramRef.parameterNotFoundAction).toBe('Deny');
  });

  test('every field of the Job that its pod template does not hold is compared', () => {
    const { template, ...fields } = find('CronJob').spec.jobTemplate.spec;
    const expressions = find('ValidatingAdmissionPolicy', 'secure-debug-gateway-debug-gateway').spec.validations.map((one: any) => one.expression).join('\n');
    for (const field of Object.keys(fields)) expect(expressions).toContain(`object.spec.${field} == variables.wanted.${field}`);
    expect(template.spec.activeDeadlineSeconds).toBe(fields.activeDeadlineSeconds);
  });

  test('it impersonates in the constrained way alone, for these groups, and in the target about what it offers', () => {
    const rules = [...find('ClusterRole').rules, ...find('Role', 'debug-gateway.debug-gateway').rules];
    for (const { verbs } of rules) for (const verb of verbs) expect(verb).toMatch(/^impersonate(-on)?:user-info/);
    expect(find('ClusterRole').rules[0]).toEqual({ apiGroups: ['authentication.k8s.io'], resources: ['groups'], verbs: ['impersonate:user-info'], resourceNames: ['oncall-payments'] });
    const on = find('Role', 'debug-gateway.debug-gateway').rules.flatMap(({ resources, verbs }: any) => resources.flatMap((resource: string) => verbs.map((verb: string) => `${resource} ${verb.split(':').pop()}`)));
    expect(on.sort()).toEqual(['pods get', 'pods list', 'pods/exec create', 'pods/exec get', 'pods/log get']);
  });

  test('who starts it creates Jobs and forwards a port; no pod, no exec, no Secret', () => {
    const rules = find('Role', 'debug-gateway-starters').rules;
    expect(rules.flatMap(({ resources, verbs }: any) => resources.map((resource: string) => `${resource}: ${verbs.join()}`))).toEqual([
      'pods: get,list,watch', 'pods/portforward: get,create', 'cronjobs: get', 'jobs: get,list,watch,create',
    ]);
    expect(find('RoleBinding', 'debug-gateway-starters').subjects).toEqual([{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'oncall-payments' }]);
  });

  test('its pod runs under Pod Security restricted, with a read-only root and a token of ten minutes', () => {
    const { spec } = find('CronJob').spec.jobTemplate.spec.template;
    expect(spec.containers[0].securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 65532 });
    expect(spec.securityContext.seccompProfile).toEqual({ type: 'RuntimeDefault' });
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(find('Namespace').metadata.labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
  });

  test('nobody connects to it but the node, and it reaches the API server alone', () => {
    expect(find('NetworkPolicy').spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'], egress: [{ ports: [{ port: 443, protocol: 'TCP' }, { port: 6443, protocol: 'TCP' }] }] });
    expect(find('NetworkPolicy').spec).not.toHaveProperty('ingress');
    expect(find('Service')).toBeUndefined();
  });

  test('the session program is told the targets, groups, limits and masks', () => {
    expect(config).toMatchObject({
      targets: [{ namespace: 'payments', actions: ['exec', 'logs'], ports: [] }], groups: ['oncall-payments'], maxCertificateSeconds: 3600, recordings: '/recordings', debugImages: [],
    });
    expect(find('ConfigMap').data).toMatchObject({ principals: 'debug-gateway\n', user_authorities: `${USERS}\n`, revoked_keys: '' });
    expect(find('CronJob').metadata.annotations[DebugGateway.HOST_AUTHORITY]).toBe(HOSTS);
  });
});

describe('with the credentials of people', () => {
  const { objects, find, config } = make({ clusterVersion: '1.31', identity: GatewayIdentity.ownCredential(Duration.minutes(10)) });

  test('the gateway has no right anywhere, and no token', () => {
    expect(objects.filter(({ kind }) => /Role/.test(kind)).map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['Role debug-gateway-starters', 'RoleBinding debug-gateway-starters']);
    expect(find('RoleBinding').subjects.map(({ kind }: any) => kind)).toEqual(['Group']);
    const { spec } = find('CronJob').spec.jobTemplate.spec.template;
    expect(spec.volumes.find((one: any) => one.name === 'service-account').projected.sources).toEqual([{ configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } }]);
    expect(spec.automountServiceAccountToken).toBe(false);
  });

  test('the session program and clients are told so, and for how long a credential may be', () => {
    expect(config.ownCredential).toEqual({ maxSeconds: 600 });
    expect(find('CronJob').metadata.annotations[DebugGateway.IDENTITY]).toBe('own-credential');
    expect(make().config.ownCredential).toBeUndefined();
    expect(make().find('CronJob').metadata.annotations[DebugGateway.IDENTITY]).toBeUndefined();
  });

  test('refused: for less than five minutes, and for more than an hour', () => {
    for (const time of [Duration.minutes(4), Duration.minutes(61)]) expect(refusal(() => GatewayIdentity.ownCredential(time))).toMatch(/maxLife/);
  });
});

describe('the allow-list of a broker policy', () => {
  test('says who may ever use what where, by name, and for the targets alone', () => {
    const { allowList } = make({ allowList: POLICY('payments', GuardrailMode.DENY).execAllowList() }).config;
    expect(allowList.deny).toBe(true);
    expect(allowList.exceptions).toEqual({ users: [], groups: ['operators'] });
    expect(allowList.rights).toEqual([
      { namespaces: ['payments'], groups: ['oncall-payments'], sets: ['show'], portForward: false },
      { namespaces: ['payments'], groups: ['developers'], sets: ['shell'], portForward: true },
      { namespaces: ['payments'], groups: ['oncall-payments'], sets: ['shell', 'show'], portForward: true },
    ]);
    expect(make({ allowList: POLICY('payments').execAllowList() }).config.allowList.deny).toBe(false);
  });

  test('its patterns are those of JavaScript, and mean what the guardrail\'s mean', () => {
    const { sets } = make({ allowList: POLICY('payments').execAllowList() }).config.allowList;
    expect(sets.map(({ name, tty, stdin }: any) => [name, tty, stdin])).toEqual([['shell', true, true], ['show', false, false]]);
    expect(sets[1].exact).toEqual([['id']]);
    const pattern = new RegExp(sets[1].pattern, 'u');
    expect(['cat\n/var/log/x', 'cat\n/var/log/x\na.b', 'cat\n/var/log/x\naxb', 'cat\n/var/logs', 'cat\n/var/log/../x', 'cat', 'cat\n/var/log\nc\nc'].map(line => pattern.test(line)))
      .toEqual([true, true, false, false, false, false, false]);
  });

  test('its words are those of the guardrail', () => {
    const policy = POLICY('payments', GuardrailMode.DENY);
    const chart = new Chart(new App(), 'guardrail');
    new ExecGuardrail(chart, 'exec', { namespaces: ['payments'], commandSets: policy.commandSets, mode: GuardrailMode.DENY });
    const expressions: string[] = chart.toJson().find((one: any) => one.kind === 'ValidatingAdmissionPolicy').spec.validations.map((one: any) => one.messageExpression);
    const { words } = make({ allowList: policy.execAllowList() }).config.allowList;
    const pieces = (parts: string[]) => parts.filter(part => !part.startsWith('$'));
    for (const parts of Object.values<string[]>(words)) {
      const same = expressions.filter(expression => pieces(parts).every(piece => expression.includes(piece)));
      expect([parts, same.length]).toEqual([parts, 1]);
    }
  });

  test('refused: a policy that guards no command', () => {
    expect(refusal(() => BrokerPolicy.of({ teams: [{ name: 'one', namespaces: ['one'], onCall: ['people'] }] }).execAllowList())).toMatch(/commandSets/);
  });
});

test('each of the masks is a regular expression, and finds what it is for', () => {
  const masks: RegExp[] = make().config.masks.map((mask: string) => new RegExp(mask, 'du'));
  const masked = (text: string) => masks.some(mask => mask.test(text));
  for (const secret of [
    'AKIAIOSFODNN7EXAMPLE', 'Authorization: Bearer abcdefghijklmnop1234', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl', 'ghp_abcdefghijklmnop1234',
    'DB_PASSWORD=hunter22', 'password: hunter22', '"api_key": "abcdef"', 'postgres://app:hunter22@db:5432/x', '-----BEGIN OPENSSH PRIVATE KEY-----',
  ]) expect([secret, masked(secret)]).toEqual([secret, true]);
  for (const harmless of ['GET /health 200', 'total 48', 'drwxr-xr-x 2 root root 4096', 'https://example.com/path', 'Password rules apply']) expect([harmless, masked(harmless)]).toEqual([harmless, false]);
});

test('real sshd takes the configuration, in both kinds', () => {
  let sshd = '';
  try {
    sshd = execFileSync('sh', ['-c', 'PATH=$PATH:/usr/sbin command -v sshd'], { encoding: 'utf8' }).trim();
  } catch {
    process.stderr.write('skipped: real sshd takes the configuration: there is no sshd (apt-get install openssh-server)\n');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sshd-'));
  try {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'ssh_host_ed25519_key')]);
    execFileSync('ssh-keygen', ['-q', '-s', join(folder, 'ssh_host_ed25519_key'), '-h', '-I', 'x', '-n', 'x', join(folder, 'ssh_host_ed25519_key.pub')]);
    for (const [hardwareKeys, types] of [[false, 4], [true, 2]] as const) {
      const { sshd: text } = make({ hardwareKeys });
      writeFileSync(join(folder, 'sshd_config'), text.replaceAll('/etc/secure-debug-host', folder).replaceAll('/etc/secure-debug', folder));
      // As root it wants a folder that Debian makes when its service starts; the gateway never is root.
      const user = process.getuid!() === 0 ? { uid: 65534, gid: 65534 } : {};
      if (user.uid) for (const name of ['', ...readdirSync(folder)]) chownSync(join(folder, name), user.uid, user.gid);
      const effective = execFileSync(sshd, ['-T', '-f', join(folder, 'sshd_config')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...user });
      const value = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(effective)?.[1];
      expect(value('pubkeyacceptedalgorithms')!.split(',')).toHaveLength(types);
      expect(value('pubkeyauthoptions')).toBe(hardwareKeys ? 'verify-required' : 'none');
      expect([value('passwordauthentication'), value('disableforwarding'), value('permituserenvironment'), value('exposeauthinfo'), value('authorizedkeysfile')]).toEqual(['no', 'yes', 'no', 'yes', 'none']);
      expect(value('subsystem')).toBeUndefined();
      expect(value('acceptenv')).toBeUndefined();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('all that can be said', () => {
  const { find, config, sshd } = make({
    name: 'door',
    gatewayNamespace: 'doors',
    targets: [
      { namespace: 'payments', groups: ['oncall-payments', 'leads'], ports: [9090, 8080] },
      { namespace: 'ledger', groups: ['oncall-ledger'], capabilities: [DebugCapability.READ_LOGS, DebugCapability.EPHEMERAL_CONTAINERS] },
    ],
    starters: ['platform'],
    reach: GatewayReach.loadBalancer(['203.0.113.0/24']),
    hardwareKeys: true,
    maxCertificateLife: Duration.minutes(10),
    revokedKeys: [USERS],
    revokedSerials: ['18446744073709551615'],
    masks: ['ledger-key-[0-9a-f]+'],
    debugImages: ['docker.io/library/busybox:1.37.0'],
    maxSessions: 3,
    apiServerCidrs: ['10.0.0.1/32'],
    apiServerPorts: [6443],
  });
  expect(find('Namespace')).toBeUndefined();
  expect(config).toMatchObject({
    targets: [{ namespace: 'ledger', actions: ['debug', 'logs'], ports: [] }, { namespace: 'payments', actions: ['debug', 'exec', 'forward', 'logs'], ports: [8080, 9090] }],
    groups: ['leads', 'oncall-ledger', 'oncall-payments'],
    maxCertificateSeconds: 600,
    maxSessions: 3,
  });
  expect(find('Service').spec).toMatchObject({ type: 'LoadBalancer', externalTrafficPolicy: 'Local', loadBalancerSourceRanges: ['203.0.113.0/24'], ports: [{ port: 22, targetPort: 2222 }] });
  expect(find('NetworkPolicy').spec.ingress).toEqual([{ from: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: [{ port: 2222, protocol: 'TCP' }] }]);
  expect(find('CronJob').spec.jobTemplate.spec.template.spec.containers[0].resources.limits.memory).toBe('352Mi');
  expect(sshd).toContain('verify-required');
  expect(find('RoleBinding', 'door-starters').subjects.map((one: any) => one.name)).toEqual(['platform']);
  expect(find('ConfigMap').data.revoked_keys).toBe(`${USERS}\n`);
});

test('what is forwarded, and debug containers, are asked for in the name of the person too', () => {
  const { find } = make({ targets: [{ namespace: 'payments', groups: ['oncall'], ports: [8080] }], debugImages: ['docker.io/library/busybox:1.37.0'] });
  expect(find('Role', 'debug-gateway.debug-gateway').rules.flatMap((rule: any) => rule.resources).sort()).toEqual(expect.arrayContaining(['pods/attach', 'pods/ephemeralcontainers', 'pods/portforward']));
});

test('the same words in another order are the same bytes', () => {
  const targets = [{ namespace: 'a', groups: ['x', 'y'], ports: [1, 2] }, { namespace: 'b', groups: ['z'] }];
  const turned = [{ namespace: 'b', groups: ['z'] }, { namespace: 'a', groups: ['y', 'x'], ports: [2, 1] }];
  expect(make({ targets }).objects).toEqual(make({ targets: turned }).objects);
});

test('two gateways in one namespace are refused: each would refuse the Jobs of the other', () => {
  const chart = new Chart(new App(), 'chart');
  ClusterBoundary.at(chart);
  new DebugGateway(chart, 'one', PROPS);
  expect(refusal(() => new DebugGateway(chart, 'two', { ...PROPS, name: 'second' }))).toContain('a second time with different content');
});

describe('refused when it is declared', () => {
  test.each<[string, any, string]>([
    ['no deadline', { deadline: undefined }, 'deadline'],
    ['more than four hours', { deadline: Duration.hours(5) }, 'deadline'],
    ['less than a minute', { deadline: Duration.seconds(30) }, 'deadline'],
    ['no recording', { recording: undefined }, 'recording'],
    ['a recording that is only a name', { recording: 'recordings' }, 'recording'],
    ['a cluster that cannot bound impersonation', { clusterVersion: '1.35' }, 'clusterVersion'],
    ['a cluster without admission policies, with the credentials of people', { clusterVersion: '1.29', identity: GatewayIdentity.ownCredential() }, 'clusterVersion'],
    ['an identity that is none', { identity: {} }, 'identity'],
    ['an allow-list that is none', { allowList: {} }, 'allowList'],
    ['an allow-list without the target', { allowList: POLICY('ledger').execAllowList() }, 'allowList'],
    ['a version that is none', { clusterVersion: 'latest' }, 'clusterVersion'],
    ['a version that is missing', { clusterVersion: undefined }, 'clusterVersion'],
    ['no targets', { targets: [] }, 'targets'],
    ['a target twice', { targets: [...PROPS.targets, ...PROPS.targets] }, 'targets[1]'],
    ['a system namespace as target', { targets: [{ namespace: 'kube-system', groups: ['oncall'] }] }, 'targets[0].namespace'],
    ['a target without groups', { targets: [{ namespace: 'payments', groups: [] }] }, 'targets[0].groups'],
    ['system:masters as a group', { targets: [{ namespace: 'payments', groups: ['system:masters'] }] }, 'targets[0].groups[0]'],
    ['all ServiceAccounts as a group', { targets: [{ namespace: 'payments', groups: ['system:serviceaccounts'] }] }, 'targets[0].groups[0]'],
    ['a system group as starters', { starters: ['system:authenticated'] }, 'starters[0]'],
    ['a capability that it cannot do', { targets: [{ namespace: 'payments', groups: ['oncall'], capabilities: [DebugCapability.POD_COPY] }] }, 'targets[0].capabilities[0]'],
    ['ports without the capability', { targets: [{ namespace: 'payments', groups: ['oncall'], capabilities: [DebugCapability.EXEC], ports: [80] }] }, 'targets[0].ports'],
    ['the capability without ports', { targets: [{ namespace: 'payments', groups: ['oncall'], capabilities: [DebugCapability.PORT_FORWARD] }] }, 'targets[0].ports'],
    ['port 0', { targets: [{ namespace: 'payments', groups: ['oncall'], ports: [0] }] }, 'targets[0].ports[0]'],
    ['debug containers without an image', { targets: [{ namespace: 'payments', groups: ['oncall'], capabilities: [DebugCapability.EPHEMERAL_CONTAINERS] }] }, 'debugImages'],
    ['its own namespace as target', { gatewayNamespace: 'payments' }, 'gatewayNamespace'],
    ['a system namespace for itself', { gatewayNamespace: 'kube-system' }, 'gatewayNamespace'],
    ['an image without a tag', { image: 'registry.example/debug-gateway' }, 'image'],
    ['no authority', { userAuthorities: [] }, 'userAuthorities'],
    ['an authority twice', { userAuthorities: [USERS, USERS] }, 'userAuthorities[1]'],
    ['an RSA authority', { userAuthorities: [key('ssh-rsa', 1)] }, 'userAuthorities[0]'],
    ['a damaged authority', { userAuthorities: ['ssh-ed25519 AAAA'] }, 'userAuthorities[0]'],
    ['two lines as an authority', { userAuthorities: [`${USERS}\n${HOSTS}`] }, 'userAuthorities[0]'],
    ['options before an authority', { userAuthorities: [`cert-authority ${USERS}`] }, 'userAuthorities[0]'],
    ['no host authority', { hostAuthority: '' }, 'hostAuthority'],
    ['a certificate for more than an hour', { maxCertificateLife: Duration.hours(2) }, 'maxCertificateLife'],
    ['a serial number that is none', { revokedSerials: ['0x1'] }, 'revokedSerials[0]'],
    ['a mask that is no expression', { masks: ['('] }, 'masks[0]'],
    ['a mask that finds nothing at all', { masks: ['x*'] }, 'masks[0]'],
    ['no sessions', { maxSessions: 0 }, 'maxSessions'],
    ['a reach that is a word', { reach: 'loadBalancer' }, 'reach'],
    ['a Secret with a bad name', { hostKeySecret: 'Host_Key' }, 'hostKeySecret'],
    ['a bad block', { apiServerCidrs: ['10.0.0.1'] }, 'apiServerCidrs[0]'],
  ])('%s', (_name, change, field) => {
    const { field: blamed, fix, problem } = rejected(() => make(change));
    expect(blamed).toBe(field);
    expect(fix).not.toBe('');
    expect(problem).not.toBe('');
  });

  test('a private key is not repeated in the error', () => {
    const said = refused({ userAuthorities: ['-----BEGIN OPENSSH PRIVATE KEY----- secret-part'] });
    expect(said).toContain('is a private key');
    expect(said).not.toContain('secret-part');
  });

  test('a load balancer for everybody', () => {
    expect(refusal(() => GatewayReach.loadBalancer(['0.0.0.0/0']))).toContain('every address');
    expect(refusal(() => GatewayReach.loadBalancer([]))).toContain('sourceCidrs');
    expect(refusal(() => GatewayReach.loadBalancer(['10.0.0.0']))).toContain('CIDR');
  });

  test('a claim without a name', () => {
    expect(refusal(() => GatewayRecording.volumeClaim(''))).toContain('name');
    expect(String(GatewayRecording.volumeClaim('recordings'))).toBe('the volume claim recordings');
  });

  test('an app that swallows the error is not synthesized', () => {
    const app = new App();
    const chart = new Chart(app, 'chart');
    expect(() => new DebugGateway(chart, 'gateway', { ...PROPS, targets: [] })).toThrow();
    expect(() => app.synth()).toThrow(/was refused/);
  });
});

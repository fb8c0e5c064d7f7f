import { execFileSync } from 'child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'fs';
import { writeFile } from 'fs/promises';
import { tmpdir } from 'os';
import { join } from 'path';
import { gzipSync } from 'zlib';
import { App } from 'cdk8s';
import { PermissionModel, PermissionSubject, SecureDebugWarnings } from 'cdk8s-secure-debug';
import * as fc from 'fast-check';
import * as ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import { did, Did, Folder, lines, rights, secureDebug } from './audit-lines';
import { Database } from '../src/review/minimize/read-uses';
import { useOf, Uses } from '../src/review/minimize/use';
import { isLookedAt, Looked } from '../src/review/minimize/who';

// Programs are compiled and run; on a busy machine that takes a while, and a test that goes on would write into the folder of the next.
jest.setTimeout(120_000);

const folder = new Folder();

async function minimized(events: object[], ...args: string[]) {
  const file = folder.log(events);
  const { code, stdout, stderr } = await secureDebug(['minimize', ...args.some(arg => /^--(user|group|service-account)$/.test(arg)) ? [] : ['--user', 'alice'], '--json', ...args, file]);
  if (stdout === '') throw new Error(stderr);
  return { code, stderr, ...JSON.parse(stdout) };
}
const granted = async (events: object[], ...args: string[]) => rights((await minimized(events, ...args)).objects);

describe('what gives a right', () => {
  test('what was allowed, each namespace apart, and a ClusterRole for what is in none', async () => {
    expect(await granted([
      did({ verb: 'list', namespace: 'payments', resource: 'services' }),
      did({ verb: 'list', namespace: 'search', resource: 'deployments', group: 'apps' }),
      did({ verb: 'patch', namespace: 'search', resource: 'deployments/scale', group: 'apps', name: 'web' }),
      did({ verb: 'list', resource: 'nodes' }),
      did({ uri: '/metrics?x=1' }),
    ])).toEqual(['*: list nodes', '*: get /metrics', 'payments: list services', 'search: list deployments.apps', 'search: patch deployments/scale.apps [web]']);
  });

  test('two namespaces do not become a ClusterRole unless that is asked for', async () => {
    const events = ['a', 'b'].map(namespace => did({ verb: 'list', namespace, resource: 'services' }));
    expect(await granted(events)).toEqual(['a: list services', 'b: list services']);
    expect(await granted(events, '--cluster-role')).toEqual(['*: list services']);
  });

  test('a request that RBAC refused gives none, whatever the log calls it', async () => {
    const refused = { verb: 'delete', namespace: 'payments', resource: 'secrets', name: 'db', code: 403 };
    const events = [did(refused), did({ ...refused, decision: null }), did({ ...refused, code: 401, decision: null })];
    const { objects, skipped, code } = await minimized(events);
    expect([objects, code]).toEqual([[], 1]);
    expect(skipped).toMatchObject([{ why: 'refused', verb: 'delete', resource: 'secrets', times: 3 }]);
  });

  test('a stream that was allowed as get and refused as create gives none', async () => {
    const message = 'pods "a" is forbidden: User "alice" cannot create resource "pods/exec" in API group ""';
    expect(await granted([did({ namespace: 'payments', resource: 'pods/exec', name: 'a', code: 403, decision: 'allow', message })])).toEqual([]);
  });

  test('what a guardrail refused gives none, for nothing was done; it is told, and granted when that is asked for', async () => {
    const exec = { namespace: 'payments', resource: 'pods/exec', name: 'api-0' };
    const events = [
      did({ ...exec, code: 422, message: 'pods "api-0" is forbidden: ValidatingAdmissionPolicy \'secure-debug-exec\' with binding \'b\' denied request: sh is no command' }),
      did({ ...exec, code: 403, decision: 'allow', message: 'exceeded quota' }),
      did({ ...exec, code: 400, message: 'admission webhook "x" denied the request: no' }),
    ];
    const { objects, skipped } = await minimized(events);
    expect(objects).toEqual([]);
    expect(skipped).toMatchObject([{ why: 'admission', times: 3 }]);
    expect(await granted(events, '--with-guardrail-refusals')).toContain('payments: get,create pods/exec [api-0]');
  });

  test('a request that failed for another reason was work all the same', async () => {
    expect(await granted([did({ namespace: 'a', resource: 'configmaps', name: 'x', code: 404 }), did({ verb: 'update', namespace: 'a', resource: 'configmaps', name: 'x', code: 409 })]))
      .toEqual(['a: get,update configmaps [x]']);
  });

  test('discovery, and what everybody may ask about themselves, is in no role', async () => {
    expect(await granted([
      did({ uri: '/api' }), did({ uri: '/apis/apps/v1?timeout=32s' }), did({ uri: '/openapi/v3' }), did({ uri: '/version' }),
      did({ verb: 'create', resource: 'selfsubjectaccessreviews', group: 'authorization.k8s.io' }), did({ verb: 'create', resource: 'selfsubjectreviews', group: 'authentication.k8s.io' }),
    ])).toEqual([]);
  });

  test('a watch or stream that has not ended yet counts, and one that has counts once', async () => {
    const watch = did({ verb: 'watch', namespace: 'a', resource: 'services', stage: 'ResponseStarted' });
    const { rights: found } = await minimized([watch, did({ verb: 'watch', namespace: 'a', resource: 'services' }), did({ verb: 'watch', namespace: 'b', resource: 'services', stage: 'ResponseStarted' }), did({ verb: 'list', namespace: 'c', resource: 'services', stage: 'RequestReceived' })]);
    expect(found).toMatchObject([{ namespace: 'a', times: 1 }, { namespace: 'b', times: 1 }]);
  });

  test('a patch that made the object needs create as well', async () => {
    expect(await granted([did({ verb: 'patch', namespace: 'a', resource: 'configmaps', name: 'x', code: 201 })])).toEqual(['a: create,patch configmaps']);
    expect(await granted([did({ verb: 'patch', namespace: 'a', resource: 'configmaps', name: 'x', code: 200 })])).toEqual(['a: patch configmaps [x]']);
  });

  test('nodes/proxy is never granted', async () => {
    const { objects, skipped } = await minimized([did({ resource: 'nodes/proxy', name: 'worker-1' })]);
    expect([objects, skipped[0].why]).toEqual([[], 'node-proxy']);
  });

  test('to act as somebody else is a right of who does it, by name; what they then did is a right of the other', async () => {
    const events = [
      did({ as: { username: 'bob', groups: ['ops', 'system:authenticated'] }, verb: 'list', namespace: 'a', resource: 'services' }),
      did({ as: { username: 'system:serviceaccount:b:ci', groups: ['system:serviceaccounts', 'system:serviceaccounts:b', 'system:authenticated'] }, verb: 'list', namespace: 'a', resource: 'services' }),
      did({ as: { username: 'eve' }, verb: 'list', namespace: 'a', resource: 'services', code: 403 }),
    ];
    expect(await granted(events)).toEqual(['*: impersonate groups [ops]', '*: impersonate users [bob]', 'b: impersonate serviceaccounts [ci]']);
    expect(await granted(events, '--user', 'bob')).toEqual(['a: list services']);
    expect(await granted(events, '--group', 'ops')).toEqual(['a: list services']);
    expect(await granted(events, '--service-account', 'b/ci')).toEqual(['a: list services']);
    expect(await granted(events, '--no-names')).toContain('*: impersonate users [bob]');
  });

  test('a group is everybody in it, and nobody else', async () => {
    const events = [
      did({ user: 'alice', groups: ['oncall'], verb: 'list', namespace: 'a', resource: 'services' }),
      did({ user: 'bob', groups: ['oncall', 'x'], verb: 'list', namespace: 'b', resource: 'services' }),
      did({ user: 'oncall', groups: ['oncall-2'], verb: 'list', namespace: 'c', resource: 'services' }),
    ];
    const { objects } = await minimized(events, '--group', 'oncall');
    expect(rights(objects)).toEqual(['a: list services', 'b: list services']);
    expect(objects[1].subjects).toEqual([{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'oncall' }]);
  });
});

describe('what clients need around what was seen', () => {
  test.each<[string, Did, string[]]>([
    ['exec by WebSocket', { verb: 'get', resource: 'pods/exec', name: 'api-0', code: 101 }, ['a: get pods [api-0]', 'a: get,create pods/exec [api-0]']],
    ['exec by SPDY', { verb: 'create', resource: 'pods/exec', name: 'api-0', code: 101 }, ['a: get pods [api-0]', 'a: get,create pods/exec [api-0]']],
    ['port-forward', { verb: 'create', resource: 'pods/portforward', name: 'api-0' }, ['a: get pods [api-0]', 'a: get,create pods/portforward [api-0]']],
    ['logs', { verb: 'get', resource: 'pods/log', name: 'api-0' }, ['a: get pods,pods/log [api-0]']],
    ['a debug container', { verb: 'patch', resource: 'pods/ephemeralcontainers', name: 'api-0' }, [
      'a: get,list,watch pods [api-0]', 'a: get,create pods/attach [api-0]', 'a: patch pods/ephemeralcontainers [api-0]', 'a: get pods/log [api-0]',
    ]],
  ])('%s', async (_, one, expected) => {
    expect(await granted([did({ namespace: 'a', ...one })])).toEqual(expected);
  });
});

describe('names', () => {
  const get = (resource: string, name: string, more: Did = {}) => did({ namespace: 'a', resource, name, ...more });

  test('two stay two', async () => {
    expect(await granted([get('secrets', 'db'), get('secrets', 'tls')])).toEqual(['a: get secrets [db,tls]']);
  });

  test.each<[string, string, string]>([
    ['a pod of a Deployment', 'pods', 'web-6d4f9c7b8-x2x9z'], ['a pod of a DaemonSet', 'pods', 'agent-x2x9z'], ['a Job of a CronJob', 'jobs', 'backup-29384756'],
    ['a ReplicaSet', 'replicasets', 'web-6d4f9c7b8'], ['an event', 'events', 'web.17a3f'], ['a node debugger', 'pods', 'node-debugger-w1-abcde'],
  ])('%s will be called otherwise tomorrow', async (_, resource, name) => {
    expect(await granted([get(resource, name)])).toEqual([`a: get ${resource}`]);
  });

  test.each([['pods', 'ledger-0'], ['pods', 'my-redis'], ['configmaps', 'app-https'], ['deployments', 'web-v2'], ['secrets', 'db']])('%s %s stays', async (resource, name) => {
    expect(await granted([get(resource, name)])).toEqual([`a: get ${resource} [${name}]`]);
  });

  test('more than ten are whatever there was', async () => {
    const names = Array.from({ length: 11 }, (_, i) => `settings-${i}`);
    expect(await granted(names.map(name => get('configmaps', name)))).toEqual(['a: get configmaps']);
    expect(await granted(names.slice(1).map(name => get('configmaps', name)))).toEqual([`a: get configmaps [${names.slice(1).sort().join(',')}]`]);
  });

  test('who makes objects is not held to the names of yesterday', async () => {
    expect(await granted([get('configmaps', 'x'), did({ verb: 'create', namespace: 'a', resource: 'configmaps', name: 'y', code: 201 })])).toEqual(['a: get,create configmaps']);
  });

  test('a list without a name, a creation and a collection have none, and are not limited', async () => {
    expect(await granted([get('services', 'x'), did({ verb: 'list', namespace: 'a', resource: 'services' }), did({ verb: 'deletecollection', namespace: 'a', resource: 'services', name: 'x' })]))
      .toEqual(['a: get services [x]', 'a: list,deletecollection services']);
    expect(await granted([get('services', 'x', { verb: 'watch' })])).toEqual(['a: watch services [x]']);
    expect(await granted([did({ verb: 'create', namespace: 'a', resource: 'serviceaccounts/token', name: 'ci', code: 201 })])).toEqual(['a: create serviceaccounts/token [ci]']);
  });

  test('--no-names grants every object', async () => {
    expect(await granted([get('secrets', 'db')], '--no-names')).toEqual(['a: get secrets']);
  });
});

describe('what is told', () => {
  const work = [1, 2, 3].flatMap(day => [did({ verb: 'list', namespace: 'a', resource: 'services', day }), did({ verb: 'get', namespace: 'a', resource: 'pods/log', name: 'api-0', day })]);

  test('how much the log has, what was rare, what was not seen', async () => {
    const { confidence, rights: found } = await minimized([...work, did({ verb: 'delete', namespace: 'a', resource: 'services', name: 'old', day: 2 })]);
    expect(confidence).toMatchObject({ level: 'low', days: 3, requests: 7, first: '2026-03-01T10:00:00.000000Z', last: '2026-03-03T10:00:00.000000Z', rare: ['delete services in a, named old'] });
    expect(found.find((one: any) => one.restoredFor)).toMatchObject({ verb: 'get', resource: 'pods', restoredFor: 'read-logs', times: 0 });
    expect((await minimized(Array.from({ length: 30 }, (_, i) => did({ verb: 'list', namespace: 'a', resource: 'services', day: i + 1 })))).confidence.level).toBe('high');
  });

  test('what they hold now and never used, and what they lose, also by their groups', async () => {
    const apiGroup = 'rbac.authorization.k8s.io';
    const held = folder.write('held.json', JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          apiVersion: `${apiGroup}/v1`,
          kind: 'Role',
          metadata: { name: 'r', namespace: 'a' },
          rules: [
            { apiGroups: [''], resources: ['services'], verbs: ['list'] }, { apiGroups: [''], resources: ['secrets'], verbs: ['get'] }, { apiGroups: [''], resources: ['pods/log', 'pods'], verbs: ['get', 'delete'] },
          ],
        },
        { apiVersion: `${apiGroup}/v1`, kind: 'RoleBinding', metadata: { name: 'b', namespace: 'a' }, roleRef: { apiGroup, kind: 'Role', name: 'r' }, subjects: [{ apiGroup, kind: 'Group', name: 'devs' }] },
      ],
    }));
    const found = await minimized(work, '--held', held);
    expect(found.held.map(({ rule, used }: any) => `${rule}: ${used}`).sort()).toEqual(['delete, get pods, pods/log: in part', 'get secrets: no', 'list services: wholly']);
    expect(found.lost.join('\n')).toMatch(/In a, User alice may no longer .*secrets/i);
    const { stdout } = await secureDebug(['minimize', '--user', 'alice', '--held', held, folder.log(work)]);
    expect(stdout).toContain('# Held now and never used:\n#   get secrets in a (RoleBinding a/b → Role a/r)');
  });

  test.each<[string, Did, RegExp]>([
    ['a list of everything everywhere', { verb: 'list', resource: 'secrets' }, /in every namespace.*list secrets/],
    ['secrets', { verb: 'get', namespace: 'a', resource: 'secrets', name: 'db' }, /Reads Secrets: get secrets in a, named db/],
    ['pods', { verb: 'create', namespace: 'a', resource: 'pods' }, /uses every Secret/],
    ['bindings, for which RBAC wants more than the log tells', { verb: 'create', namespace: 'a', group: 'rbac.authorization.k8s.io', resource: 'rolebindings' }, /bind the role/],
    ['roles', { verb: 'patch', group: 'rbac.authorization.k8s.io', resource: 'clusterroles', name: 'r' }, /escalate/],
    ['approvals', { verb: 'update', group: 'certificates.k8s.io', resource: 'certificatesigningrequests/approval', name: 'c' }, /signer/],
    ['a log without reads', { verb: 'delete', namespace: 'a', resource: 'pods', name: 'x' }, /no plain read/],
  ])('%s', async (_, one, words) => {
    expect((await minimized([did(one)])).remarks.join('\n')).toMatch(words);
  });
});

/** Compiles and runs programs as they were printed; gives the objects of each. */
function synthesized(programs: string[]): any[][] {
  const there = mkdtempSync(join(tmpdir(), 'secure-debug-program-'));
  try {
    return programs.map((program, i) => {
      const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
      const { outputText, diagnostics } = ts.transpileModule(program, { compilerOptions, reportDiagnostics: true });
      expect(diagnostics).toEqual([]);
      const out = join(there, String(i));
      let app: App | undefined;
      const cdk8s = { ...jest.requireActual('cdk8s'), App: class extends App { public constructor() { super({ outdir: out }); app = this; } } };
      // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the program that the command printed
      new Function('require', 'exports', outputText)((name: string) => name === 'cdk8s' ? cdk8s : jest.requireActual(name), {});
      SecureDebugWarnings.of(app!);
      return app!.charts.flatMap(chart => chart.toJson());
    });
  } finally {
    rmSync(there, { recursive: true });
  }
}

/** Every right that somebody has, each cell apart. */
function cells(objects: any[], subject: PermissionSubject): string[] {
  return [...new Set(PermissionModel.fromManifests(objects).rightsOf(subject).flatMap(({ namespace = '*', rule }) => [
    ...rule.apiGroups.flatMap(group => rule.resources.flatMap(resource => rule.verbs.flatMap(verb =>
      (rule.resourceNames.length ? rule.resourceNames : ['']).map(name => `${namespace} ${verb} ${resource}.${group} ${name}`)))),
    ...rule.nonResourceURLs.flatMap(url => rule.verbs.map(verb => `${verb} ${url}`)),
  ]))].sort();
}

const NAMESPACES = ['payments', 'search', 'kube-system'];
const anEvent: fc.Arbitrary<Did> = fc.record({
  user: fc.constantFrom('alice', 'bob'),
  groups: fc.constantFrom<string[]>(['oncall'], ['oncall', 'devs'], ['devs']),
  as: fc.option(fc.constantFrom<Did['as'][]>({ username: 'alice', groups: ['oncall'] }, { username: 'system:serviceaccount:payments:ci' }), { nil: undefined, freq: 8 }),
  verb: fc.constantFrom('get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'),
  namespace: fc.constantFrom(...NAMESPACES, undefined),
  group: fc.constantFrom(undefined, '', 'apps'),
  resource: fc.constantFrom('pods', 'pods/exec', 'pods/log', 'pods/attach', 'pods/ephemeralcontainers', 'pods/portforward', 'events', 'services', 'nodes', 'deployments/scale', undefined),
  name: fc.constantFrom(undefined, 'api-0', 'ledger-0', 'web-6d4f9c7b8-x2x9z', 'it\'s "x"', '*'),
  uri: fc.constantFrom('/metrics?a=b', '/api', '/x/*', '/logs/'),
  code: fc.constantFrom(101, 200, 201, 401, 403, 404, 422),
  decision: fc.constantFrom('allow', 'allow', 'forbid', null),
  message: fc.constantFrom(undefined, 'ValidatingAdmissionPolicy \'p\' with binding \'b\'\n denied request: no', 'admission webhook "w" denied the request', 'cannot create resource "pods/exec"'),
  day: fc.integer({ min: 1, max: 9 }),
  stage: fc.constantFrom('ResponseComplete', 'ResponseComplete', 'ResponseStarted', 'RequestReceived', 'Panic'),
});

const WHOS: Looked[] = [undefined, 'movable', { kind: 'User', name: 'alice', logName: 'alice' }, { kind: 'Group', name: 'oncall', logName: 'oncall' }, { kind: 'User', name: 'it\'s', logName: 'it\'s' }];

test('DuckDB and the reader of lines count the same', async () => {
  const database = await Database.open();
  await fc.assert(fc.asyncProperty(fc.array(anEvent, { minLength: 1, maxLength: 40 }), fc.constantFrom(...WHOS), async (events, who) => {
    const file = folder.log(events.map(did));
    const uses = new Uses();
    for (const use of events.flatMap(event => useOf(did(event) as any) ?? [])) if (isLookedAt(who, use)) uses.add(use);
    const bySql = new Uses();
    for (const use of (await database.uses(file, who))!) bySql.add(use);
    expect(bySql.all()).toEqual(uses.all());
  }), { numRuns: 25 });
  database.close();
}, 60_000);

test('the role allows what was done; TypeScript and YAML grant the same', async () => {
  const seen: { program: string; objects: any[]; subject: PermissionSubject }[] = [];
  await fc.assert(fc.asyncProperty(fc.array(anEvent, { minLength: 1, maxLength: 25 }), fc.constantFrom<string[]>(['--user', 'alice'], ['--group', 'oncall'], ['--service-account', 'payments/ci']), async (events, who) => {
    const { objects, typescript } = await minimized(events.map(did), ...who);
    const subject = who[0] === '--user' ? PermissionSubject.user('alice') : who[0] === '--group' ? PermissionSubject.group('oncall') : PermissionSubject.serviceAccount('payments', 'ci');
    seen.push({ program: typescript, objects, subject });
    const yaml = (await secureDebug(['minimize', ...who, folder.log(events.map(did))])).stdout;
    expect(cells(parseAllDocuments(yaml).map(document => document.toJS()).filter(one => one), subject)).toEqual(cells(objects, subject));
    // No wildcard comes of whatever the requests named.
    expect(cells(objects, subject).filter(cell => cell.includes('*') && !cell.startsWith('* '))).toEqual([]);
    const roles = folder.write('roles.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    const { stdout } = await secureDebug(['replay', '--roles', roles, ...who, '--json', folder.log(events.filter(one => one.name !== '*' && one.uri !== '/x/*').map(did))]);
    expect(JSON.parse(stdout).breaks).toEqual([]);
  }), { numRuns: 25 });
  const made = synthesized(seen.map(({ program }) => program));
  made.forEach((objects, i) => expect(cells(objects, seen[i].subject)).toEqual(cells(seen[i].objects, seen[i].subject)));
}, 120_000);

test('the printed programs use constructs where these grant exactly that, and compile', async () => {
  const events = [
    did({ verb: 'create', namespace: 'payments', resource: 'pods/exec', name: 'web-6d4f9c7b8-x2x9z' }),
    did({ verb: 'get', namespace: 'search', resource: 'pods/exec', name: 'ledger-0' }),
    did({ verb: 'get', namespace: 'kube-system', resource: 'pods/log', name: 'etcd-0' }),
    ...['get', 'list', 'watch'].map(verb => did({ verb, resource: 'nodes', name: verb === 'get' ? 'w1' : undefined })),
    did({ verb: 'list', resource: 'nodes' }), did({ verb: 'get', resource: 'nodes', name: 'w-7f9c2bd41a' }),
    did({ verb: 'delete', namespace: 'payments', resource: 'services', name: 'old' }),
  ];
  const printed = await Promise.all([['--user', 'alice'], ['--group', 'devs']].map(async who => (await secureDebug(['minimize', ...who, '--typescript', folder.log(events)])).stdout));
  expect(printed[1]).toMatch(/new OnCallDebugAccess\(this, 'minimal-devs-\d', \{\s+name: 'minimal-devs-debug',\s+namespaces: \['payments'\],\s+group: 'devs',\s+capabilities: \[DebugCapability\.EXEC\],\s+\}\)/);
  expect(printed[1]).toMatch(/capabilities: \[DebugCapability\.EXEC\],\s+resourceNames: \['ledger-0'\]/);
  expect(printed[1]).toMatch(/allowSystemNamespaces: true/);
  expect(printed[1]).toContain('new ClusterReadAccess(');
  expect(printed[0]).toContain('DebugSubject.userBecause(\'alice\'');

  const root = join(__dirname, '..', '..');
  const files = printed.map((text, i) => folder.write(`program-${i}.ts`, text));
  const program = ts.createProgram(files, {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    noUnusedLocals: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    types: [],
    typeRoots: [],
    paths: { 'cdk8s-secure-debug': [join(root, 'src', 'index.ts')], '*': [join(root, 'node_modules', '*')] },
  });
  const errors = files.flatMap(file => ts.getPreEmitDiagnostics(program, program.getSourceFile(file))).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  expect(errors).toEqual([]);
}, 120_000);

describe('text of others', () => {
  const HOSTILE = ['"; process.exit(1) //', '*/ x /*', '${process.exit(1)}', '`x`', 'a\nb: c', '- {}', 'it\'s', '\\', '\u202egnp', '</script>', '*', 'a'.repeat(400), ' x ', 'yes', '0x1F', '# x'];

  test('names in requests are data in YAML and TypeScript', async () => {
    for (const name of HOSTILE) {
      const events = [did({ namespace: 'a', resource: 'secrets', name }), did({ namespace: name, resource: 'services', verb: 'list' }), did({ resource: name, verb: 'list' }), did({ verb: name, resource: 'pods' }), did({ uri: `/${name}` })];
      const { objects, typescript } = await minimized(events);
      const subject = PermissionSubject.user('alice');
      if (objects.length === 0) continue;
      const { stdout } = await secureDebug(['minimize', '--user', 'alice', folder.log(events)]);
      expect(cells(parseAllDocuments(stdout).map(one => one.toJS()), subject)).toEqual(cells(objects, subject));
      expect(cells(synthesized([typescript])[0], subject)).toEqual(cells(objects, subject));
      expect(cells(objects, subject).filter(cell => cell.includes('*') && !cell.startsWith('* '))).toEqual(name.includes('*') ? cells(objects, subject).filter(cell => cell.includes('*') && !cell.startsWith('* ')) : []);
    }
  });

  test('so are names of subjects', async () => {
    for (const name of HOSTILE) {
      for (const kind of ['--user', '--group']) {
        const events = [did({ user: name, groups: [name], namespace: 'a', resource: 'pods/exec', name: 'api-0' })];
        const { objects, typescript } = await minimized(events, kind, name);
        expect(objects.filter((one: any) => one.subjects).map((one: any) => one.subjects[0].name)).toEqual([name]);
        const made = synthesized([typescript])[0].filter(one => one.subjects);
        expect(new Set(made.map(one => one.subjects[0].name))).toEqual(new Set([name]));
        const { stdout } = await secureDebug(['minimize', kind, name, folder.log(events)]);
        expect(parseAllDocuments(stdout).map(one => one.toJS()).filter(one => one.subjects)[0].subjects[0].name).toBe(name);
      }
    }
  }, 60_000);
});

describe('logs', () => {
  const one = did({ verb: 'list', namespace: 'a', resource: 'services' });

  test('several, packed, and by standard input', async () => {
    const packed = folder.write('old.log.gz', gzipSync(lines([did({ verb: 'list', namespace: 'b', resource: 'services', day: 2 })])));
    const { stdout } = await secureDebug(['minimize', '--user', 'alice', '--json', packed, folder.log([one]), '-'], lines([did({ verb: 'list', namespace: 'c', resource: 'services', day: 3 })]));
    expect(rights(JSON.parse(stdout).objects)).toEqual(['a: list services', 'b: list services', 'c: list services']);
    expect(JSON.parse(stdout).confidence.days).toBe(3);
  });

  test('a pipe, as a shell makes one for <(…), whatever is in it', async () => {
    const pipe = join(folder.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const asked = secureDebug(['minimize', '--user', 'alice', '--json', pipe]);
    await writeFile(pipe, gzipSync(lines([one])));
    expect(rights(JSON.parse((await asked).stdout).objects)).toEqual(['a: list services']);
  });

  test('what is damaged is told by file and line, and everything else is read', async () => {
    const file = folder.log([one]);
    appendFileSync(file, `{"broken":\n{"kind":"Pod"}\n${JSON.stringify(did({ verb: 'get', namespace: 'b', resource: 'services', name: 'x' }))}\n`);
    const { stdout, stderr } = await secureDebug(['minimize', '--user', 'alice', '--json', file]);
    expect(rights(JSON.parse(stdout).objects)).toEqual(['a: list services', 'b: get services [x]']);
    expect(stderr).toContain('audit.log:2: no JSON');
    expect(stderr).toContain('audit.log:3: no event of audit.k8s.io/v1');
    const whole = gzipSync(lines(Array.from({ length: 500 }, (_, i) => did({ verb: 'list', namespace: `n${i}`, resource: 'services', message: String(Math.sin(i)) }))));
    const cut = folder.write('cut.gz', whole.subarray(0, whole.length - 400));
    expect((await secureDebug(['minimize', '--user', 'alice', '--json', cut])).stderr).toMatch(/cut\.gz:\d+: cut off/);
  });

  test('the same logs in another order give the same bytes', async () => {
    const [a, b] = [folder.log([one, did({ namespace: 'a', resource: 'secrets', name: 'x', day: 4 })], 'a.log'), folder.log([did({ namespace: 'a', resource: 'secrets', name: 'w', day: 2 }), one], 'b.log')];
    const run = async (...files: string[]) => (await secureDebug(['minimize', '--user', 'alice', '--json', ...files])).stdout;
    expect(await run(a, b)).toBe(await run(b, a));
  });

  test.each<[string, string[], RegExp]>([
    ['nobody', [], /Nobody is named\. Fix: say whose role/],
    ['two', ['--user', 'a', '--group', 'b'], /contradict each other/],
    ['an account without namespace', ['--service-account', 'ci'], /is not namespace\/name/],
    ['a name that is none', ['--user', 'a', '--name', 'X y'], /no name of a role/],
    ['two forms', ['--user', 'a', '--json', '--typescript'], /contradict/],
    ['a missing file', ['--user', 'a', '/nonexistent'], /ENOENT/],
    ['missing manifests', ['--user', 'a', '--held', '/nonexistent', __filename], /no such file/],
    ['no log', ['--user', 'a'], /No audit log is given/],
  ])('%s is wrong use', async (_, args, words) => {
    const { code, stderr, stdout } = await secureDebug(['minimize', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(words);
    expect(stderr.trim().split('\n')).toHaveLength(args.includes('--json') ? 3 : 1);
  });
});

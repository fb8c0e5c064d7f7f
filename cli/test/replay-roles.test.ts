import { did, Folder, secureDebug } from './audit-lines';

jest.setTimeout(120_000);

const folder = new Folder();
const apiGroup = 'rbac.authorization.k8s.io';

/** A Role in `a`, bound to somebody. */
function roles(rules: object[], subject: object = { apiGroup, kind: 'User', name: 'alice' }, scope: '' | 'Cluster' = ''): string {
  const metadata = { name: 'r', ...scope === '' && { namespace: 'a' } };
  return folder.write('roles.json', JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion: `${apiGroup}/v1`, kind: `${scope}Role`, metadata, rules },
      { apiVersion: `${apiGroup}/v1`, kind: `${scope}RoleBinding`, metadata, roleRef: { apiGroup, kind: `${scope}Role`, name: 'r' }, subjects: [subject] },
    ],
  }));
}

async function replayed(events: object[], rules: object[], ...args: string[]) {
  const { code, stdout, stderr } = await secureDebug(['replay', '--roles', roles(rules), '--json', ...args, folder.log(events)]);
  if (stdout === '') throw new Error(stderr);
  return { code, stderr, ...JSON.parse(stdout) };
}

const READ = { apiGroups: [''], resources: ['pods', 'services'], verbs: ['get', 'list'] };
const list = did({ verb: 'list', namespace: 'a', resource: 'services' });

test('what the roles allow would not break; discovery never does', async () => {
  expect(await replayed([list, list, did({ uri: '/apis' })], [READ])).toMatchObject({ code: 0, passed: 3, broken: 0, breaks: [] });
});

test('what they do not allow is told: who, what, how often, the last time', async () => {
  const events = [list, ...[1, 2, 3].map(day => did({ verb: 'delete', namespace: 'a', resource: 'services', name: `web-${day}`, day })), did({ uri: '/metrics' })];
  const { code, breaks, passed, broken } = await replayed(events, [READ]);
  expect([code, passed, broken]).toEqual([1, 1, 4]);
  expect(breaks).toMatchObject([
    {
      user: 'alice',
      verb: 'delete',
      resource: 'services',
      namespace: 'a',
      names: ['web-1', 'web-2', 'web-3'],
      times: 3,
      first: '2026-03-01T10:00:00.000000Z',
      last: '2026-03-03T10:00:00.000000Z',
    },
    { path: '/metrics', times: 1 },
  ]);
  const { stdout } = await secureDebug(['replay', '--roles', roles([READ]), folder.log(events)]);
  expect(stdout).toMatch(/Would break\nWHO +VERB +WHAT +NAMESPACE +TIMES +LAST\nalice +delete +services web-1, web-2, web-3 +a +3 +2026-03-03T10:00:00Z\n/);
  expect(stdout).toContain('4 of 5 requests would be refused.');
});

test('what was refused before cannot break', async () => {
  expect(await replayed([list, did({ verb: 'delete', namespace: 'a', resource: 'secrets', name: 'x', code: 403 })], [READ])).toMatchObject({ code: 0, passed: 1 });
});

test('a name that the role does not have, a namespace that it is not in', async () => {
  const events = ['x', 'y'].map(name => did({ namespace: 'a', resource: 'pods', name }));
  expect((await replayed(events, [{ ...READ, resourceNames: ['x'] }])).breaks).toMatchObject([{ names: ['y'] }]);
  expect((await replayed([did({ verb: 'list', namespace: 'b', resource: 'pods' })], [READ])).breaks).toMatchObject([{ namespace: 'b' }]);
});

test('a patch that made its object also needs create', async () => {
  const patch = { apiGroups: [''], resources: ['configmaps'], verbs: ['patch'] };
  expect((await replayed([did({ verb: 'patch', namespace: 'a', resource: 'configmaps', name: 'x', code: 201 })], [patch])).breaks).toMatchObject([{ verb: 'create' }]);
});

test('a role with one verb of a stream would break other clients', async () => {
  const exec = did({ verb: 'create', namespace: 'a', resource: 'pods/exec', name: 'api-0', code: 101 });
  const { code, breaks, broken } = await replayed([exec], [{ apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] }]);
  expect([code, broken]).toEqual([1, 0]);
  expect(breaks).toMatchObject([{ verb: 'get', resource: 'pods/exec', otherClients: true }]);
});

test('a stream without a namespace reaches no pod, so no other verb of it is asked for', async () => {
  const exec = did({ verb: 'get', resource: 'pods/exec', code: 404 });
  const clusterWide = roles([{ apiGroups: [''], resources: ['pods/exec'], verbs: ['get'] }], undefined, 'Cluster');
  expect(JSON.parse((await secureDebug(['replay', '--roles', clusterWide, '--all', '--json', folder.log([exec])])).stdout)).toMatchObject({ passed: 1, breaks: [] });
});

test('to act as somebody else needs the right to be them', async () => {
  const events = [list, did({ as: { username: 'bob' }, verb: 'list', namespace: 'a', resource: 'services' })];
  expect((await replayed(events, [READ])).breaks).toMatchObject([{ verb: 'impersonate', resource: 'users', names: ['bob'] }]);
});

test('those are looked at whom a binding names, or who is named on the command line, or all', async () => {
  const events = [
    list,
    did({ user: 'bob', groups: ['ops'], verb: 'list', namespace: 'a', resource: 'secrets' }),
    did({ user: 'system:serviceaccount:a:ci', groups: [], verb: 'list', namespace: 'a', resource: 'secrets' }),
  ];
  expect((await replayed(events, [READ])).breaks).toEqual([]);
  const file = roles([READ], { apiGroup, kind: 'Group', name: 'devs' });
  expect(JSON.parse((await secureDebug(['replay', '--roles', file, '--json', folder.log(events)])).stdout)).toMatchObject({ passed: 1, broken: 0 });
  for (const [who, user] of [[['--user', 'bob'], 'bob'], [['--group', 'ops'], 'bob'], [['--service-account', 'a/ci'], 'system:serviceaccount:a:ci']] as const) {
    expect((await replayed(events, [READ], ...who)).breaks).toMatchObject([{ user }]);
  }
  expect((await replayed(events, [READ], '--all')).breaks).toHaveLength(2);
});

test('a log without anybody who is looked at proves nothing', async () => {
  const { code, stderr } = await replayed([did({ user: 'bob', groups: [], verb: 'list', namespace: 'a', resource: 'services' })], [READ]);
  expect(code).toBe(1);
  expect(stderr).toContain('nothing was tried');
});

test('Markdown: a table for a pull request, in which text of others is text', async () => {
  const log = folder.log([did({ verb: 'delete', namespace: 'a', resource: 'services', name: '|<b>@x' })]);
  const { stdout } = await secureDebug(['replay', '--roles', roles([READ]), '--markdown', log]);
  expect(stdout).toContain('**1 of 1 requests would be refused.**');
  expect(stdout).toContain('| `alice` | `delete` | <code>services &#124;&#60;b&#62;&#64;x</code> | `a` | 1 | `2026-03-01T10:00:00Z` |');
});

test.each<[string, string[], RegExp]>([
  ['no roles', [], /No roles are given/],
  ['no log', ['--roles', __filename], /No audit log is given/],
  ['two forms', ['--roles', 'x', '--json', '--markdown'], /contradict/],
  ['all and one', ['--roles', 'x', '--all', '--user', 'a'], /contradicts/],
  ['missing roles', ['--roles', '/nonexistent', __filename], /no such file/],
])('%s is wrong use', async (_, args, words) => {
  const { code, stderr, stdout } = await secureDebug(['replay', ...args]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(words);
});

test('roles that are no YAML are named by line', async () => {
  const { code, stderr } = await secureDebug(['replay', '--roles', folder.write('x.yaml', 'a: b\nc: [\n'), folder.log([list])]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/x\.yaml:\d/);
});

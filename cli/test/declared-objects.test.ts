import { Desk, list, role, rule } from './review-io';
import { declaredObjects } from '../src/audit/declared-objects';

/** What `--declared` reads, it reads as the reviewer does. */

let desk: Desk;
beforeEach(() => { desk = new Desk(); });
afterEach(() => desk.clear());

const a = role('payments', 'a', rule('get', 'pods'));
const b = role('payments', 'b', rule('get', 'pods'));
const names = (...paths: string[]) => declaredObjects(paths).map(({ kind, metadata }) => `${kind} ${metadata.name}`);

test.each<[string, string, string | object]>([
  ['a list', 'a.yaml', list(a, list(b))],
  ['a list of one kind, as kubectl gives it', 'a.json', { apiVersion: a.apiVersion, kind: 'RoleList', items: [a, b].map(({ metadata, rules }) => ({ metadata, rules })) }],
  ['several documents, one of them empty', 'a.yml', `---\n${JSON.stringify(a)}\n---\n# nothing\n---\n${JSON.stringify(b)}\n`],
  ['JSON one after the other', 'a.json', `${JSON.stringify(a)}\n${JSON.stringify(b)}\n`],
])('%s', (_what, name, content) => {
  expect(names(desk.write(name, content))).toEqual(['Role a', 'Role b']);
});

test('a folder with all below it; what is no object of Kubernetes declares nothing', () => {
  desk.write('dist/a.yaml', a);
  desk.write('dist/deep/b.json', b);
  desk.write('dist/values.yaml', 'replicas: 1\n');
  desk.write('dist/node_modules/x/c.yaml', role('payments', 'c'));
  expect(names(`${desk.folder}/dist`)).toEqual(['Role a', 'Role b']);
});

test.each([
  ['what is damaged, at its line', 'a.yaml', 'kind: Role\nrules: [', /^--declared .*a\.yaml:2: no YAML: .* Fix: mend it, or name the manifests that are applied/],
  ['a template that nobody rendered', 'a.yaml', 'kind: {{ .Values.kind }}\n', /render it: helm template/],
  ['a folder without manifests', 'dist/README.md', 'x', /^--declared .*dist holds no \.yaml, \.yml or \.json\. Fix: /],
])('%s is told', (_what, name, content, message) => {
  const file = desk.write(name, content);
  expect(() => declaredObjects([name.endsWith('.md') ? `${desk.folder}/dist` : file])).toThrow(message);
});

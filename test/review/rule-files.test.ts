import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';
import { account, bind, bindEverywhere, clusterRole, group, held, heldEverywhere, role, rule, user } from './rbac';
import { SecureDebugRules, SecureDebugWarnings } from '../../src';
import { RULES } from '../../src/review/rules';

/** Each rule of the review has a file of its own, and finds what it is about and nothing that only looks like it. */

const SRC = join(__dirname, '../../src/review');
const FOLDER = join(SRC, 'rules');
const files = readdirSync(FOLDER).filter(file => !['index.ts', 'rule.ts'].includes(file)).sort();
const ids = SecureDebugWarnings.rules().map(({ id }) => id).filter(id => id.startsWith('SD5'));
const codeOf = (file: string) => readFileSync(file, 'utf8').replace(/^ *\/\*\*[^]*?\*\//gm, '');

describe('the files of rules', () => {
  it('each id has its file, and each file an id', () => {
    expect(files.map(file => file.slice(0, 6).toUpperCase())).toEqual(ids);
    expect(RULES.map(({ id }) => id).sort()).toEqual(ids);
  });

  it.each(files)('%s holds one rule, that of its name', file => {
    const exports: object = jest.requireActual(join(FOLDER, file));
    const rules = Object.values(exports).filter((one): one is { id: string } => typeof one === 'object' && one !== null && 'id' in one);
    expect(rules.map(({ id }) => id)).toEqual([file.slice(0, 6).toUpperCase()]);
    expect(RULES).toContain(rules[0]);
    expect(codeOf(join(FOLDER, file)).match(/\bSD\d{4}\b/g)).toEqual([rules[0].id]);
  });

  it('no other file of the review knows a rule by its id', () => {
    const others = [...readdirSync(SRC).filter(file => file.endsWith('.ts')).map(file => join(SRC, file)), join(FOLDER, 'index.ts'), join(FOLDER, 'rule.ts')];
    expect(others.length).toBeGreaterThan(30);
    for (const file of others) expect([file, codeOf(file).match(/'SD\d{4}/g)]).toEqual([file, null]);
  });

  it('every rule looks at something', () => {
    const looks = RULES.map(({ id, takesOver, ...look }) => [id, Object.keys(look).length]);
    expect(looks.filter(([, count]) => count === 0)).toEqual([]);
  });
});

const annotated = (object: any, annotations: object) => ({ ...object, metadata: { ...object.metadata, annotations } });
const [plainRole, plainBinding] = held(rule('get', 'pods'));
const ENDS = { 'example.com/expires-at': '2026-03-01' };
const ACCEPTS = (text: string) => ({ 'secure-debug.internal/accepted-findings': text });
const namespaced = (labels: object) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'payments', labels } });
const serviceAccount = (namespace: string, name: string) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } });
const admin = bindEverywhere('payments-admin', 'cluster-admin', account('payments', 'admin'));
const reader = [clusterRole('secrets', rule('list', 'secrets')), bindEverywhere('secrets', 'secrets', account('payments', 'vault'))];

/** What each rule finds, and what comes near and is none of it. */
const EXAMPLES: { readonly [id: string]: readonly [found: any[], fine: any[]] } = {
  SD5001: [[bindEverywhere('b', 'cluster-admin', group('oncall'))], held(rule('*', 'pods'))],
  SD5002: [held(rule('get', '*')), held(rule('get', 'pods'))],
  SD5003: [held(rule('watch', 'secrets')), held(rule('create,delete', 'secrets'), rule('get', 'configmaps'))],
  SD5004: [held(rule('escalate', 'roles', 'rbac.authorization.k8s.io')), held(rule('create,update', 'roles', 'rbac.authorization.k8s.io'))],
  SD5005: [held(rule('create', 'serviceaccounts/token')), held(rule('get,create', 'serviceaccounts'))],
  SD5006: [heldEverywhere(rule('get', 'nodes/proxy')), heldEverywhere(rule('get', 'nodes/stats,nodes'))],
  SD5007: [held(rule('create', 'pods')), held(rule('delete', 'pods'))],
  SD5008: [held(rule('get', 'pods'), rule('create', 'pods/exec')), held(rule('get', 'pods'), rule('create,get', 'pods/exec'))],
  SD5009: [[bind('payments', 'b', 'ClusterRole view', group('oncall'))], [plainRole, plainBinding]],
  SD5010: [held(rule('get', 'pods', '', 'web-*')), held(rule('get', 'pods', '', 'web-0'))],
  SD5011: [[plainRole, bind('payments', 'b', 'r', group('system:authenticated'))], [plainRole, bind('payments', 'b', 'r', group('authenticated'))]],
  SD5012: [[clusterRole('r', rule('get', 'pods')), bindEverywhere('b', 'r', { kind: 'ServiceAccount', name: 'api' })], [plainRole, bind('payments', 'b', 'r', { kind: 'ServiceAccount', name: 'api' })]],
  SD5013: [[...held(rule('get', 'pods')), role('payments', 'r', rule('list', 'pods'))], [plainRole, plainRole, plainBinding]],
  SD5014: [held(rule('patch', 'deployments', 'apps')), held(rule('patch', 'deployments/scale', 'apps'))],
  SD5015: [heldEverywhere(rule('delete', 'validatingadmissionpolicies', 'admissionregistration.k8s.io')), heldEverywhere(rule('get', 'validatingadmissionpolicies', 'admissionregistration.k8s.io'))],
  SD5016: [[plainRole, bind('payments', 'b', 'r', user('alice'))], [plainRole, bind('payments', 'b', 'r', user('system:kube-scheduler'))]],
  SD5017: [[plainRole, annotated(plainBinding, ENDS)], [annotated(plainRole, ENDS), plainBinding]],
  SD5018: [[annotated(plainRole, ACCEPTS('SD5003: no date')), plainBinding], [annotated(plainRole, ACCEPTS('SD5003 until 2026-06-30: moves to Vault')), plainBinding]],
  SD5019: [held(rule('create', 'applications', 'argoproj.io')), held(rule('create', 'workflows', 'argoproj.io'))],
  SD5020: [heldEverywhere(rule('create', 'persistentvolumes')), held(rule('create', 'persistentvolumeclaims'))],
  SD5021: [held(rule('patch', 'namespaces')), held(rule('get', 'namespaces'))],
  SD5022: [heldEverywhere(rule('create,get', 'pods/exec')), held(rule('create,get', 'pods/exec'))],
  SD5023: [[namespaced({}), ...held(rule('create', 'pods'))], [namespaced({ 'pod-security.kubernetes.io/enforce': 'baseline' }), ...held(rule('create', 'pods'))]],
  SD5030: [[admin, ...held(rule('create', 'pods'))], [admin, ...held(rule('get', 'pods'))]],
  SD5031: [[...reader, ...held(rule('create', 'pods'))], [...reader, ...held(rule('get', 'pods'))]],
  SD5032: [[serviceAccount('payments', 'web'), plainRole, bind('payments', 'b', 'r', account('payments', 'api'))], [serviceAccount('payments', 'api'), plainRole, bind('payments', 'b', 'r', account('payments', 'api'))]],
};

describe('each rule', () => {
  const found = (objects: any[]) => SecureDebugRules.check(objects).map(({ id }) => id);

  it('has examples', () => expect(Object.keys(EXAMPLES).sort()).toEqual(ids));

  it.each(Object.entries(EXAMPLES))('%s finds what it is about, and not what only comes near', (id, [wrong, fine]) => {
    expect(found(wrong)).toContain(id);
    expect(found(fine)).not.toContain(id);
  });
});

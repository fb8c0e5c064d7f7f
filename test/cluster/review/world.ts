import { Random } from './random';
import { PermissionSubject } from '../../../src';

export const RBAC = 'rbac.authorization.k8s.io';
export const LABEL = 'sd-review-world';
export const NAMESPACES = ['sd-review-a', 'sd-review-b'];

const apiVersion = `${RBAC}/v1`;
const GROUPS = ['', 'apps', 'batch', 'sd.example.com', '*', 'apps/v1'];
const RESOURCES = ['pods', 'pods/exec', 'pods/log', 'pods/*', 'deployments', 'deployments/scale', 'nodes/proxy', 'secrets', 'widgets', '*', '*/scale', '*/exec', 'pod'];
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'use', '*', 'GET'];
const NAMES = ['a', 'a-0', 'b', '', 'x:y', 'Ünlaut', '*', 'a b'];
const URLS = ['/metrics', '/logs/*', '/logs/a', '/l*', '/deep/**', '*', '/'];
const PATHS = ['/metrics', '/logs/', '/logs/a', '/logs/a/b', '/logs', '/l', '/deep/x', '/deep/*', '/', '', '*'];
const USERS = ['alice', 'bob@example.com', 'sd-review "quoted"', 'https://issuer.example.com#carol', 'Dörte', 'system:serviceaccount:sd-review-a:api', 'system:anonymous', '*'];
const PEOPLE_GROUPS = ['oncall', 'sre', 'team/payments', 'jit:oncall:sd-review-a', 'Größe', 'system:serviceaccounts', 'system:serviceaccounts:sd-review-b', 'system:authenticated', 'system:unauthenticated'];
/** Those that people of other tests are in, or are: what they are given in the whole cluster would reach files that run at the same time. */
const EVERYBODY = ['system:serviceaccounts', 'system:authenticated', 'system:unauthenticated', 'system:anonymous'];
const ACCOUNTS = [['sd-review-a', 'api'], ['sd-review-a', 'default'], ['sd-review-b', 'api'], ['sd-review-b', 'dotted.name']];
const LABELS = { tier: ['one', 'two', 'three'], kind: ['x', 'y'] };

/** A world of Roles and bindings that meet in the same few names, so that most questions are close calls. */
export class World {
  public readonly objects: any[] = [];
  private readonly rules: any[] = [];
  private readonly random: Random;

  public constructor(seed: number, size: number) {
    this.random = new Random(seed);
    const { random } = this;
    const clusterRoles: string[] = [];
    for (let i = 0; i < size; i++) {
      const odd = random.oneOf(['', '', ':with:colons', ' with blanks', '-Ünlaut', '-UPPER']);
      const name = `sd-review-${i}${odd}`;
      clusterRoles.push(name);
      this.objects.push({ apiVersion, kind: 'ClusterRole', metadata: { name, labels: this.labels() }, rules: this.someRules(true) });
    }
    // Each level aggregates those below it, never itself or one above: what circles grant depends on the past.
    for (let i = 0; i < size / 4; i++) {
      const name = `sd-review-sum-${i}`;
      clusterRoles.push(name);
      const below = i % 2 ? { 'sd-review-sum': 'low' } : {};
      this.objects.push({
        apiVersion,
        kind: 'ClusterRole',
        metadata: { name, labels: { [LABEL]: 'true', ...i % 2 ? { 'sd-review-sum': 'high' } : { 'sd-review-sum': 'low' } } },
        aggregationRule: {
          clusterRoleSelectors: [
            this.selector(),
            ...random.chance(0.5) ? [this.selector()] : [],
            ...i % 2 && random.chance(0.5) ? [{ matchLabels: below }] : [],
          ],
        },
        // What stands here is overwritten.
        rules: random.chance(0.3) ? [this.rule(false)] : [],
      });
    }
    for (const namespace of NAMESPACES) {
      const roles: string[] = [];
      for (let i = 0; i < size / 2; i++) {
        const name = `sd-review-${i}`;
        roles.push(name);
        this.objects.push({ apiVersion, kind: 'Role', metadata: { name, namespace, labels: this.labels() }, rules: this.someRules(false) });
      }
      for (let i = 0; i < size; i++) {
        const role = random.chance(0.5) ? { kind: 'Role', name: random.oneOf([...roles, 'sd-review-missing']) } : { kind: 'ClusterRole', name: random.oneOf([...clusterRoles, 'sd-review-missing']) };
        this.objects.push(this.binding('RoleBinding', { name: `sd-review:${i}`, namespace }, role, true));
      }
    }
    for (let i = 0; i < size / 3; i++) {
      this.objects.push(this.binding('ClusterRoleBinding', { name: `sd-review:${i}` }, { kind: 'ClusterRole', name: random.oneOf(clusterRoles) }, false));
    }
  }

  /** Somebody who asks, with what the API server has to be told about them. */
  public asker(): PermissionSubject {
    const { random } = this;
    const which = random.next();
    if (which < 0.3) return PermissionSubject.serviceAccount(...random.oneOf(ACCOUNTS) as [string, string]);
    if (which < 0.5) return PermissionSubject.group(random.oneOf(PEOPLE_GROUPS));
    return PermissionSubject.user(random.oneOf([...USERS, 'nobody']), random.chance(0.5) ? random.someOf(PEOPLE_GROUPS, 2) : []);
  }

  /** A question close to one of the rules, about a resource or a URL. */
  public question(): Question {
    const { random } = this;
    const rule = random.oneOf(this.rules);
    if (rule.nonResourceURLs) return { verb: this.like(rule.verbs, VERBS), path: random.oneOf(PATHS) };
    const [resource, subresource] = this.like(rule.resources, RESOURCES).replace(/^\*\//, `${random.oneOf(['pods', 'widgets'])}/`).split('/');
    const namespace = random.oneOf([...NAMESPACES, ...NAMESPACES, undefined, 'sd-review-elsewhere']);
    const name = random.chance(0.5) ? '' : this.like(rule.resourceNames ?? [], NAMES);
    return { verb: this.like(rule.verbs, VERBS), apiGroup: this.like(rule.apiGroups, GROUPS), resource, subresource: random.chance(0.1) ? 'scale' : subresource, namespace, name };
  }

  private like(of: string[], others: string[]): string {
    return of.length && this.random.chance(0.75) ? this.random.oneOf(of) : this.random.oneOf(others);
  }

  private labels(): { [key: string]: string } {
    const { random } = this;
    return {
      [LABEL]: 'true',
      ...Object.fromEntries(Object.entries(LABELS).filter(() => random.chance(0.6)).map(([key, values]) => [`sd-review-${key}`, random.oneOf(values)])),
    };
  }

  /** Every selector keeps to this world, and to its lowest level. */
  private selector(): any {
    const { random } = this;
    const [key, values] = random.oneOf(Object.entries(LABELS));
    const expression = random.oneOf<any>([
      { operator: 'In', values: random.someOf(values) }, { operator: 'NotIn', values: random.someOf(values) }, { operator: 'Exists' }, { operator: 'DoesNotExist' },
    ]);
    return {
      matchLabels: { [LABEL]: 'true', ...random.chance(0.3) && { [`sd-review-${key}`]: random.oneOf(values) } },
      matchExpressions: [{ key: 'sd-review-sum', operator: 'DoesNotExist' }, { key: `sd-review-${random.oneOf(Object.keys(LABELS))}`, ...expression }],
    };
  }

  private someRules(urls: boolean): any[] {
    return Array.from({ length: this.random.below(4) }, () => this.rule(urls && this.random.chance(0.2)));
  }

  private rule(urls: boolean): any {
    const { random } = this;
    const rule = urls
      ? { verbs: random.someOf(VERBS), nonResourceURLs: random.someOf(URLS, 2) }
      : {
        verbs: random.someOf(VERBS),
        apiGroups: random.someOf(GROUPS, 2),
        resources: random.someOf(RESOURCES),
        ...random.chance(0.4) && { resourceNames: random.someOf(NAMES) },
      };
    this.rules.push(rule);
    return rule;
  }

  private binding(kind: string, metadata: object, role: object, namespaced: boolean): any {
    const { random } = this;
    const among = (names: string[]) => random.oneOf(namespaced ? names : names.filter(name => !EVERYBODY.includes(name)));
    const one = () => {
      const which = random.next();
      const [namespace, name] = random.oneOf(ACCOUNTS);
      if (which < 0.3) return { kind: 'ServiceAccount', name, ...!(namespaced && random.chance(0.4)) && { namespace } };
      if (which < 0.6) return { apiGroup: RBAC, kind: 'Group', name: among(PEOPLE_GROUPS) };
      return { apiGroup: RBAC, kind: 'User', name: among(USERS) };
    };
    return {
      apiVersion,
      kind,
      metadata: { ...metadata, labels: { [LABEL]: 'true' } },
      roleRef: { apiGroup: RBAC, ...role },
      subjects: Array.from({ length: random.below(3) }, one),
    };
  }
}

export interface Question {
  readonly verb: string;
  readonly apiGroup?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly path?: string;
}

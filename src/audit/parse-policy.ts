import { AuditResources, AuditRule, AuditStage } from './audit-rule';
import { AuditLevel } from '../model/audit-level';
import { reject, show } from '../private/errors';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const RESOURCE_VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'proxy'];
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'];

/** What an audit policy says, after the checks of kube-apiserver. */
export interface ParsedPolicy {
  readonly rules: AuditRule[];
  readonly omitStages: AuditStage[];
  readonly omitManagedFields: boolean;
  /** What the API server accepts but does not take as it looks. */
  readonly remarks: string[];
}

type Fields = { [field: string]: unknown };

/** Reads one policy; what kube-apiserver refuses is an error, what it ignores is a remark. */
class Reader {
  public readonly remarks: string[] = [];

  public constructor(private readonly where: string) {}

  public policy(manifest: unknown): ParsedPolicy {
    const fields = this.object('policy', manifest);
    const kind = `${String(fields.apiVersion)} ${String(fields.kind)}`;
    if (kind !== 'audit.k8s.io/v1 Policy') {
      this.fail('apiVersion and kind', kind, 'is not an audit policy', 'give a manifest of apiVersion audit.k8s.io/v1 and kind Policy');
    }
    this.known('', fields, ['apiVersion', 'kind', 'metadata', 'rules', 'omitStages', 'omitManagedFields']);
    const { rules } = fields;
    if (!Array.isArray(rules) || rules.length === 0) {
      this.fail('rules', rules, 'holds no rule, and the API server does not start with such a policy', 'give at least one rule');
    }
    return {
      rules: (rules as unknown[]).map((rule, i) => this.rule(`rules[${i}]`, rule)),
      omitStages: this.stages('omitStages', fields.omitStages) ?? [],
      omitManagedFields: this.flag('omitManagedFields', fields.omitManagedFields) ?? false,
      remarks: this.remarks,
    };
  }

  public rule(at: string, value: unknown): AuditRule {
    const fields = this.object(at, value);
    this.known(`${at}.`, fields, [
      'level', 'users', 'userGroups', 'verbs', 'resources', 'namespaces', 'nonResourceURLs', 'omitStages', 'omitManagedFields',
    ]);
    const levels: string[] = Object.values(AuditLevel);
    if (!levels.includes(fields.level as string)) {
      this.fail(`${at}.level`, fields.level, 'is not a level', `use one of ${levels.join(', ')}`);
    }
    const rule: AuditRule = {
      level: fields.level as AuditLevel,
      users: this.strings(`${at}.users`, fields.users),
      userGroups: this.strings(`${at}.userGroups`, fields.userGroups),
      verbs: this.strings(`${at}.verbs`, fields.verbs),
      resources: this.resources(`${at}.resources`, fields.resources),
      namespaces: this.strings(`${at}.namespaces`, fields.namespaces),
      nonResourceUrls: this.strings(`${at}.nonResourceURLs`, fields.nonResourceURLs),
      omitStages: this.stages(`${at}.omitStages`, fields.omitStages),
      omitManagedFields: this.flag(`${at}.omitManagedFields`, fields.omitManagedFields),
    };
    this.urls(at, rule);
    for (const [field, values] of [['users', rule.users], ['userGroups', rule.userGroups], ['namespaces', rule.namespaces]] as const) {
      values?.forEach((text, i) => this.literal(`${at}.${field}[${i}]`, text));
    }
    const verbs = rule.nonResourceUrls ? METHODS : rule.resources || rule.namespaces ? RESOURCE_VERBS : [...RESOURCE_VERBS, ...METHODS];
    rule.verbs?.forEach((verb, i) => {
      if (!verbs.includes(verb)) this.remark(`${at}.verbs[${i}]`, verb, 'is no verb of an audit event, so it matches nothing');
    });
    return Object.fromEntries(Object.entries(rule).filter(([, field]) => field !== undefined)) as unknown as AuditRule;
  }

  private resources(at: string, value: unknown): AuditResources[] | undefined {
    return this.list(at, value)?.map((entry, i) => {
      const here = `${at}[${i}]`;
      const fields = this.object(here, entry);
      this.known(`${here}.`, fields, ['group', 'resources', 'resourceNames']);
      const group = fields.group ?? '';
      if (typeof group !== 'string' || (group !== '' && group !== '*' && (group.length > 253 || !SUBDOMAIN.test(group)))) {
        this.fail(`${here}.group`, group, 'is not an API group', 'write "" for core, "*" for all, or a name such as "apps", without a version');
      }
      const resources = this.strings(`${here}.resources`, fields.resources);
      const resourceNames = this.strings(`${here}.resourceNames`, fields.resourceNames);
      if (resourceNames && !resources) {
        this.fail(`${here}.resourceNames`, resourceNames, 'stands without resources', 'name the resources the names belong to');
      }
      resources?.forEach((pattern, j) => {
        if (!/^(\*|[^*/]+(\/([^*]+|\*))?|\*\/[^*]+)$/.test(pattern)) {
          this.remark(`${here}.resources[${j}]`, pattern, 'is no pattern the API server knows (*, pods, pods/log, pods/*, */log), so it matches nothing');
        }
      });
      resourceNames?.forEach((name, j) => this.literal(`${here}.resourceNames[${j}]`, name));
      return { group: group as string, ...resources && { resources }, ...resourceNames && { resourceNames } };
    });
  }

  private urls(at: string, rule: AuditRule) {
    rule.nonResourceUrls?.forEach((url, i) => {
      if (url !== '*' && (!url.startsWith('/') || url.slice(0, -1).includes('*'))) {
        this.fail(`${at}.nonResourceURLs[${i}]`, url, 'is not a path', 'begin it with "/", with an asterisk at most at the end');
      }
    });
    if (rule.nonResourceUrls && (rule.resources || rule.namespaces)) {
      this.fail(`${at}.nonResourceURLs`, rule.nonResourceUrls, 'stands beside resources or namespaces', 'make two rules of it');
    }
  }

  private object(at: string, value: unknown): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.fail(at, value, 'is not an object', 'give its fields as a map');
    }
    return value as Fields;
  }

  /** A list with entries; an empty one says nothing, like one that is missing. */
  private list(at: string, value: unknown): unknown[] | undefined {
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) this.fail(at, value, 'is not a list', 'write it as a list');
    return (value as unknown[]).length > 0 ? value as unknown[] : undefined;
  }

  private strings(at: string, value: unknown): string[] | undefined {
    return this.list(at, value)?.map((entry, i) => {
      if (typeof entry !== 'string') this.fail(`${at}[${i}]`, entry, 'is not a string', 'write it in quotes');
      return entry as string;
    });
  }

  private stages(at: string, value: unknown): AuditStage[] | undefined {
    const stages: string[] = Object.values(AuditStage);
    return this.strings(at, value)?.map((stage, i) => {
      if (!stages.includes(stage)) this.fail(`${at}[${i}]`, stage, 'is not a stage', `use one of ${stages.join(', ')}`);
      return stage as AuditStage;
    });
  }

  private flag(at: string, value: unknown): boolean | undefined {
    if (value !== undefined && value !== null && typeof value !== 'boolean') this.fail(at, value, 'is not true or false', 'write true or false');
    return (value ?? undefined) as boolean | undefined;
  }

  private literal(at: string, value: string) {
    if (value.includes('*')) this.remark(at, value, 'is compared as it is: an asterisk is no wildcard here');
  }

  private known(at: string, fields: Fields, names: string[]) {
    for (const name of Object.keys(fields)) {
      if (!names.includes(name)) this.remarks.push(`${at}${name} is not a field: the API server ignores it`);
    }
  }

  private remark(at: string, value: string, text: string) {
    this.remarks.push(`${at} = ${show(value)} ${text}`);
  }

  private fail(field: string, value: unknown, problem: string, fix: string): never {
    return reject({ where: this.where, field, value, problem, fix });
  }
}

/**
 * What a manifest of kind Policy says.
 *
 * @see https://pkg.go.dev/k8s.io/apiserver/pkg/apis/audit/validation
 */
export function parsePolicy(where: string, manifest: unknown): ParsedPolicy {
  return new Reader(where).policy(manifest);
}

/** What is remarkable about one rule, given as in a manifest; it must be one that kube-apiserver accepts. */
export function remarksOfRule(where: string, at: string, rule: unknown): string[] {
  const reader = new Reader(where);
  reader.rule(at, rule);
  return reader.remarks;
}

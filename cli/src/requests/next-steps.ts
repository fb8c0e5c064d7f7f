import { AccessRequests } from 'cdk8s-secure-debug';
import { Session } from '../session';
import { plain } from '../text';

const grants = (rule: any, resource: string, verbs: string[]) => (rule.apiGroups ?? []).includes('')
  && (rule.resources ?? []).includes(resource) && (rule.verbs ?? []).some((verb: string) => verbs.includes(verb));

/** The kubectl commands that a Role lets its holder run, ready to copy but for the pod. */
export function nextSteps(session: Session, role: any, namespace: string): string[] {
  const rules: any[] = role?.rules ?? [];
  const holding = (resource: string, ...verbs: string[]) => rules.find(rule => grants(rule, resource, verbs));
  const named = (rule: any) => rule.resourceNames?.[0] ?? 'POD';
  const kubectl = (...args: string[]) => session.line('kubectl', '-n', namespace, ...args);
  const steps: string[] = [];
  if (holding('pods', 'list')) steps.push(kubectl('get', 'pods'));
  const log = holding('pods/log', 'get');
  if (log) steps.push(kubectl('logs', named(log), '--tail=100'));
  const exec = holding('pods/exec', 'create', 'get');
  const sets = virtualRights(rules, AccessRequests.RIGHTS_GROUP).commandsets;
  if (exec) steps.push(`${kubectl('exec', '-it', named(exec), '--', 'COMMAND')}${sets ? `  # of the command sets: ${sets.map(plain).join(', ')}` : ''}`);
  const debug = holding('pods/ephemeralcontainers', 'patch');
  if (debug) steps.push(kubectl('debug', '-it', named(debug), '--image=IMAGE', '--target=CONTAINER'));
  const forward = holding('pods/portforward', 'create', 'get');
  if (forward) steps.push(kubectl('port-forward', named(forward), '8080:PORT'));
  return steps;
}

/** What guardrails let the holder of these rules do, e.g. `commandsets: diag, jvm`. */
export function virtualRights(rules: any[], group: string): { [resource: string]: string[] } {
  const held: { [resource: string]: Set<string> } = {};
  for (const rule of rules) {
    if (!(rule.apiGroups ?? []).includes(group)) continue;
    for (const resource of rule.resources ?? []) {
      for (const name of rule.resourceNames?.length ? rule.resourceNames : ['']) (held[resource] ??= new Set()).add(name);
    }
  }
  return Object.fromEntries(Object.entries(held).sort(([a], [b]) => a < b ? -1 : 1).map(([resource, names]) => [resource, [...names].sort()]));
}

/** Those as lines. */
export function virtualLines(held: { [resource: string]: string[] }): string[] {
  return Object.entries(held).map(([resource, names]) => `${plain(resource)}: ${names.map(name => name === '' ? 'any' : plain(name)).join(', ')}`);
}

import { Reach, Right, Rule } from './rights';
import { asObject, asString, stringsIn } from './untrusted';
import { REQUESTABLE, TERMS } from '../model/access-request';
import { PolicyRules } from '../model/policy-rule';
import { VIRTUAL, VIRTUAL_GROUP } from '../model/virtual-rights';

/** The policies without which a requestable Role could be bound to anybody, for ever (`AccessRequestPolicy`). */
const POLICIES = ['secure-debug-requests', 'secure-debug-terms', 'secure-debug-timers'];

/** A Role that can be had for a time, with what it takes. */
export interface RequestableRole {
  readonly namespace: string;
  readonly name: string;
  readonly rules: Rule[];
  readonly rulesKey: string;
  readonly annotations: { readonly [key: string]: unknown };
}

export function isRequestable(role: any): boolean {
  return role.kind === 'Role' && asObject(asObject(role.metadata).labels)[REQUESTABLE] === 'true';
}

/** Whether the policies that keep requests to their terms are among the manifests, and refuse. */
export function areRequestsGoverned(objects: any[]): boolean {
  const policies = new Set(objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy').map(({ metadata }) => asObject(metadata).name));
  const refusing = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding').map(({ spec }) => asObject(spec))
    .filter(({ validationActions }) => stringsIn(validationActions).includes('Deny')).map(({ policyName }) => policyName);
  return POLICIES.every(name => policies.has(name) && refusing.includes(name));
}

/**
 * Names of Roles that rules let somebody request, or approve; undefined for all. A wildcard for API groups does not count,
 * for the policy asks which Role gave the right.
 */
function namesOf(rules: Rule[], { resource, verb }: { readonly resource: string; readonly verb: string }): string[] | undefined {
  const giving = rules.filter(rule => rule.apiGroups.includes(VIRTUAL_GROUP)
    && rule.resources.some(one => one === '*' || one === resource) && rule.verbs.some(one => one === '*' || one === verb));
  return giving.some(({ resourceNames = [] }) => resourceNames.length === 0) ? undefined : giving.flatMap(({ resourceNames = [] }) => resourceNames);
}

export function mayRequest(rules: Rule[], role: string): boolean {
  return namesOf(rules, VIRTUAL.request)?.includes(role) ?? true;
}

function mayApprove(rules: Rule[], role: string): boolean {
  return namesOf(rules, VIRTUAL.approve)?.includes(role) ?? true;
}

const lines = (value: unknown): string[] => asString(value).split('\n').filter(line => line !== '');

/** `GROUP=NUMBER` a line; a group may contain `=`. */
function numbers(value: unknown): { readonly group: string; readonly number: number }[] {
  return lines(value).map(line => ({ group: line.slice(0, line.lastIndexOf('=')), number: Number(line.slice(line.lastIndexOf('=') + 1)) }));
}

function duration(seconds: number): string {
  if (seconds % 3600 === 0) return seconds === 3600 ? '1 hour' : `${seconds / 3600} hours`;
  return seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} seconds`;
}

interface Terms {
  readonly seconds: number;
  readonly approvals: number;
  readonly quorum: { readonly group: string; readonly number: number }[];
  readonly approvers: string[];
}

/** As they are for a group; whoever gets it at once needs no approvals. */
function termsOf({ annotations }: RequestableRole, group: string | undefined): Terms {
  const own = numbers(annotations[TERMS.maxSecondsByGroup]).find(one => one.group === group);
  return {
    seconds: own?.number ?? Number(asString(annotations[TERMS.maxSeconds])),
    approvals: group !== undefined && lines(annotations[TERMS.autoApprove]).includes(group) ? 0 : Number(asString(annotations[TERMS.approvals]) || '1'),
    quorum: numbers(annotations[TERMS.quorum]),
    approvers: lines(annotations[TERMS.approvers]),
  };
}

/** Whether a Role is easier to have than before: for longer, with fewer approvals, or approved by others too. */
export function weakerTerms(old: RequestableRole, young: RequestableRole, group: string | undefined): boolean {
  const [then, now] = [termsOf(old, group), termsOf(young, group)];
  return now.seconds > then.seconds || now.approvals < then.approvals || now.approvers.some(one => !then.approvers.includes(one))
    || then.quorum.some(one => (now.quorum.find(({ group: same }) => same === one.group)?.number ?? 0) < one.number);
}

/** The terms of a Role for a group: `at most 1 hour, after 2 approvals by Group sre-leads`. */
export function termsText(role: RequestableRole, group: string | undefined): string {
  const { seconds, approvals, quorum, approvers } = termsOf(role, group);
  const by = quorum.length > 0 ? quorum.map(one => `${one.number} of Group ${one.group}`) : approvers.map(one => `Group ${one}`);
  return [
    seconds > 0 ? `at most ${duration(seconds)}` : 'for a time that is not given',
    approvals === 0
      ? 'at once'
      : `after ${approvals === 1 ? '1 approval' : `${approvals} approvals`} by ${by.join(quorum.length > 0 ? ', ' : ' or ') || 'nobody'}`,
  ].join(', ');
}

/** What somebody may do only as the policies of requests let them. */
export interface Governed {
  /** Names of the Roles that they bind on request alone. */
  readonly roles: string[];
  /** The Jobs that they create are timers. */
  readonly jobs: boolean;
}

export const NOTHING_GOVERNED: Governed = { roles: [], jobs: false };

/** What the policies govern of what somebody with these rules may do where these Roles can be requested. */
export function governedBy(rules: Rule[], roles: RequestableRole[]): Governed {
  return {
    roles: roles.map(({ name }) => name).filter(name => mayRequest(rules, name) || mayApprove(rules, name)),
    // Whoever may create pods gains nothing by a Job, and is not limited to timers.
    jobs: roles.length > 0 && namesOf(rules, VIRTUAL.timer) === undefined && !PolicyRules.allows(rules, '', 'pods', 'create'),
  };
}

/** A right without what the policies govern of it. */
export function ungoverned({ apiGroup, resource, verb }: Right, held: Reach, { roles, jobs }: Governed): Reach {
  if (resource === 'roles' && verb === 'bind') return { all: held.all, names: held.names.filter(name => !roles.includes(name)) };
  return jobs && apiGroup === 'batch' && resource === 'jobs' && verb === 'create' ? { all: false, names: [] } : held;
}

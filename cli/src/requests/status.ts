import { AccessRequests, RequestTerms } from 'cdk8s-secure-debug';
import { ApiError } from '../cluster';
import { virtualLines, virtualRights } from './next-steps';
import { paths } from '../paths';
import { allRequests, asData, isOpen, requestableRoles, until } from './requests';
import { CommonOptions, Result, Session } from '../session';
import { duration, plain, plural } from '../text';

/** Who the caller is, what they could ask for, what they have, and what guardrails let them do there. */
export async function status(session: Session, _: CommonOptions): Promise<Result> {
  const { namespace, cluster, paint } = session;
  const [me, roles, requests, review] = await Promise.all([
    session.whoAmI(),
    allowed(requestableRoles(session, namespace)),
    allowed(allRequests(session, namespace)),
    cluster.create(paths.rights(), { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } }),
  ]);
  const rules: any[] = review.status?.resourceRules ?? [];
  const terms = roles?.flatMap(role => AccessRequests.termsOf(role) ?? []);
  const mine = requests?.filter(one => one.request.requestedBy === me.name && isOpen(one));
  const own = ({ approvers }: RequestTerms) => approvers.filter(group => me.groups.includes(group));
  const approves = (terms ?? []).filter(one => own(one).length > 0);
  // Rights about requests are told above, in words.
  const { accessrequests: _requests, ...held } = virtualRights(rules, AccessRequests.RIGHTS_GROUP);
  const wildcard = rules.some(rule => rule.apiGroups?.includes('*') && rule.resources?.includes('*'));

  const heading = (text: string) => paint('bold', text);
  const text = [
    `${heading('You are')} ${plain(me.name)}, in ${me.groups.map(plain).join(', ') || 'no group'}`,
    '',
    heading(`To request in ${namespace}`),
    ...terms === undefined ? ['  You may not list Roles there, so this is unknown.'] : terms.length === 0 ? ['  Nothing.'] : terms.map(one => `  ${term(one, me.groups, mayAsk(rules, one.role))}`),
    '',
    ...approves.length > 0 ? [heading('You approve'), ...approves.map(one => `  ${plain(one.role)}, as ${own(one).map(plain).join(' or ')}`), ''] : [],
    heading('You have, or wait for'),
    ...mine === undefined ? ['  You may not list RoleBindings there, so this is unknown.'] : mine.length === 0 ? ['  Nothing.'] : mine.map(one => `  ${plain(one.request.role)}: ${plain(one.state)}, until ${until(one)}`),
    '',
    heading('Guardrails let you use'),
    ...virtualLines(held).map(line => `  ${line}`),
    ...Object.keys(held).length === 0 ? ['  Nothing that this namespace\'s Roles give you.'] : [],
    ...wildcard ? [`  ${paint('yellow', 'You hold every right by a wildcard; guardrails count only what a Role of theirs gives.')}`] : [],
  ].join('\n');
  return {
    data: {
      user: me.name,
      groups: me.groups,
      namespace,
      requestable: terms?.map(one => ({
        ...one,
        yourMaxSeconds: AccessRequests.maxSecondsFor(one, me.groups),
        youNeedApproval: !AccessRequests.needsNoApproval(one, me.groups),
        youMayRequest: mayAsk(rules, one.role),
        youApproveAs: own(one),
      })) ?? null,
      requests: mine?.map(asData) ?? null,
      guardrailRights: held,
      wildcard,
    },
    text,
  };
}

/** What a list answers, or undefined when the caller may not see it. */
async function allowed<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
}

function mayAsk(rules: any[], role: string): boolean {
  const holds = (list: string[] | undefined, ...wanted: string[]) => (list ?? []).some(one => one === '*' || wanted.includes(one));
  return rules.some(rule => holds(rule.apiGroups, AccessRequests.RIGHTS_GROUP) && holds(rule.resources, 'accessrequests') && holds(rule.verbs, 'request')
    && (!rule.resourceNames?.length || rule.resourceNames.includes(role)));
}

function term(terms: RequestTerms, groups: string[], may: boolean): string {
  const quorum = Object.entries(terms.quorum).map(([group, many]) => `, ${many} of them of ${group}`).join('');
  const needs = AccessRequests.needsNoApproval(terms, groups)
    ? 'yours at once'
    : `after ${plural(terms.approvals, 'approval')} by ${terms.approvers.join(' or ')}${quorum}`;
  const ticket = terms.ticketPattern ? `, ticket ${terms.ticketPattern}` : '';
  return plain(`${terms.role}: up to ${duration(AccessRequests.maxSecondsFor(terms, groups))}, ${needs}${ticket}${may ? '' : ' (not for you)'}`);
}

import { AccessRequests, RequestState } from 'cdk8s-secure-debug';
import { refused, wrongUse } from '../errors';
import { allRequests, asData, change, pick, termsOf, until } from './requests';
import { CommonOptions, Result, Session } from '../session';
import { plain } from '../text';

interface ApproveOptions extends CommonOptions {
  readonly asGroup?: string;
}

/** Adds the caller's approval; with the last one the requester has the Role. */
export async function approve(session: Session, what: string, options: ApproveOptions): Promise<Result> {
  const { namespace } = session;
  const [me, requests] = await Promise.all([session.whoAmI(), allRequests(session, namespace)]);
  const found = pick(requests, what, namespace, one => one.state === RequestState.PENDING);
  const terms = await termsOf(session, namespace, found.request.role);
  if (found.request.requestedBy === me.name) refused(`You asked for ${found.request.role} yourself; somebody else has to approve it. Fix: ask a member of ${terms.approvers.join(' or ')}.`);

  const own = terms.approvers.filter(group => me.groups.includes(group));
  if (own.length === 0) refused(`You are in none of the groups that approve ${terms.role} in ${namespace}. Fix: ask a member of ${terms.approvers.join(' or ')}.`);
  if (options.asGroup !== undefined && !own.includes(options.asGroup)) {
    wrongUse(`--as-group ${options.asGroup} is no group of yours that approves ${terms.role}. Fix: use one of: ${own.join(', ')}.`);
  }
  const changed = await change(session, found, ({ request, state }) => {
    if (state !== RequestState.PENDING) refused(`The request ${request.name} is ${state} meanwhile. Fix: secure-debug list -n ${namespace} --all shows all.`);
    if (request.approvals.some(one => one.user === me.name)) {
      refused(`You approved ${request.name} already. Fix: somebody else has to: ${AccessRequests.missing(terms, request.approvals).join(', ')}.`);
    }
    const group = options.asGroup ?? AccessRequests.approvesAs(terms, request.approvals, me.groups)!;
    return AccessRequests.approval(request, terms, me.name, group);
  });
  const { request: { requestedBy, role, reason, ticket, approvals }, state } = changed;
  const missing = AccessRequests.missing(terms, approvals);
  const granted = state === RequestState.ACTIVE
    ? `${plain(requestedBy)} has ${plain(role)} in ${namespace} until ${until(changed)}.`
    : `${plain(requestedBy)} does not have ${plain(role)} yet; it still needs ${plain(missing.join(', '))}.`;
  const why = `Reason: ${plain(reason)}${ticket ? ` (${plain(ticket)})` : ''}`;
  return {
    data: { ...asData(changed), missing },
    text: `${session.paint('green', 'Approved')} as ${plain(approvals[approvals.length - 1]?.group ?? '')}. ${granted}\n${why}`,
  };
}

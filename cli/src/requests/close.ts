import { AccessRequests, RequestState } from 'cdk8s-secure-debug';
import { CommandError, OK, refused, REFUSED, wrongUse } from '../errors';
import { allRequests, asData, change, isOpen, pick, Standing } from './requests';
import { CommonOptions, Result, Session } from '../session';
import { plain } from '../text';

interface DenyOptions extends CommonOptions {
  readonly reason?: string;
}

interface RevokeOptions extends DenyOptions {
  readonly user?: string;
  readonly ticket?: string;
}

const LIVE_STREAMS = 'A stream that is open already (exec, port-forward) lasts until its pod or client ends.';

/** Says no to a request, for good. */
export async function deny(session: Session, what: string, options: DenyOptions): Promise<Result> {
  const reason = why(options, 'the requester has to know what is wrong with it', 'the dashboard shows the same');
  const { namespace } = session;
  const [me, requests] = await Promise.all([session.whoAmI(), allRequests(session, namespace)]);
  const found = pick(requests, what, namespace, isOpen);
  if (found.state === RequestState.ACTIVE) {
    refused(`The request ${found.request.name} is granted already. Fix: ${session.line('secure-debug', 'revoke', found.request.name, '-n', namespace)} --reason REASON ends it.`);
  }
  if (found.request.requestedBy === me.name) refused(`It is your own request. Fix: ${session.line('secure-debug', 'withdraw', found.request.role, '-n', namespace)} ends it.`);
  const closed = await close(session, found, me.name, reason);
  return { data: asData(closed), text: `${session.paint('green', 'Denied')}: ${line(closed)}` };
}

/** Ends grants and open requests: one, all of a person, or all of a ticket. */
export async function revoke(session: Session, name: string | undefined, options: RevokeOptions): Promise<Result> {
  const reason = why(options, 'whoever loses access has to know why', 'incident is over');
  const ways = [name, options.user, options.ticket].filter(way => way !== undefined);
  if (ways.length !== 1) wrongUse('Say which in one way. Fix: give a NAME, or --user USER, or --ticket TICKET.');
  const [me, requests] = await Promise.all([session.whoAmI(), allRequests(session, session.listed)]);
  const asked = ({ request }: Standing) => options.user === undefined ? request.ticket === options.ticket : request.requestedBy === options.user;
  const meant = name === undefined
    ? requests.filter(isOpen).filter(asked)
    : [pick(requests, name, session.listed ?? 'all namespaces', isOpen)];

  const done: Standing[] = [];
  const failed: { request: object; error: string }[] = [];
  for (const one of meant) {
    try {
      done.push(await close(session, one, me.name, reason));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      failed.push({ request: asData(one), error: error.message });
    }
  }
  const where = session.listed === undefined ? 'in any namespace' : `in ${session.listed}`;
  const text = [
    ...done.map(one => `${session.paint('green', `Was ${one.request.closed}`)}: ${line(one)}`),
    ...failed.map(({ request, error }) => `${session.paint('red', 'Not ended')}: ${plain(`${(request as any).namespace}/${(request as any).name}`)}: ${plain(error)}`),
    ...meant.length === 0 ? [`Nothing of ${plain(options.user ?? options.ticket ?? '')} is open ${where}.`] : [],
    ...done.some(one => one.request.closed === RequestState.REVOKED) ? [LIVE_STREAMS] : [],
  ].join('\n');
  return { data: { ended: done.map(asData), failed }, text, code: failed.length > 0 ? REFUSED : OK };
}

/** Ends the caller's own request or grant. */
export async function withdraw(session: Session, role: string | undefined, options: DenyOptions): Promise<Result> {
  const { namespace } = session;
  const [me, requests] = await Promise.all([session.whoAmI(), allRequests(session, namespace)]);
  const own = requests.filter(({ request }) => request.requestedBy === me.name);
  const found = pick(own, role === undefined ? me.name : AccessRequests.nameOf(role, me.name), namespace, isOpen);
  const closed = await close(session, found, me.name, options.reason?.trim() || 'no longer needed');
  return { data: asData(closed), text: `${session.paint('green', 'Withdrawn')}: ${line(closed)}${found.state === RequestState.ACTIVE ? `\n${LIVE_STREAMS}` : ''}` };
}

/** The requester withdraws; an approver denies what waits and revokes what is granted. */
function close(session: Session, found: Standing, me: string, reason: string): Promise<Standing> {
  return change(session, found, ({ request, state }) => {
    if (!isOpen({ request, state, secondsLeft: 0 })) refused(`The request ${request.name} is ${state} meanwhile. Fix: secure-debug list --all shows all.`);
    const how = request.requestedBy === me ? RequestState.WITHDRAWN : request.granted ? RequestState.REVOKED : RequestState.DENIED;
    return AccessRequests.closing(request, how, me, reason);
  });
}

function why({ reason }: DenyOptions, because: string, example: string): string {
  const text = reason?.trim() ?? '';
  if (!text) wrongUse(`--reason is missing: ${because}. Fix: --reason "${example}".`);
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) || text.length > 1_000) wrongUse('--reason has line ends, control characters, or more than 1000 characters. Fix: write one line.');
  return text;
}

function line({ request: { role, namespace, requestedBy, closedReason } }: Standing): string {
  return plain(`${requestedBy}, ${role} in ${namespace}: ${closedReason ?? ''}`);
}

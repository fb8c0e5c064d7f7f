import { AccessRequests, RequestState, RequestTerms } from 'cdk8s-secure-debug';
import { ApiError } from '../cluster';
import { OK, refused, REFUSED, wrongUse } from '../errors';
import { nextSteps } from './next-steps';
import { paths } from '../paths';
import { asData, isOpen, requestableRoles, standing, Standing, until } from './requests';
import { CommonOptions, Me, Result, Session } from '../session';
import { duration, plain, seconds, word } from '../text';
import { waitFor } from '../wait';

interface RequestOptions extends CommonOptions {
  readonly reason?: string;
  readonly ticket?: string;
  readonly for?: string;
  readonly profile?: string;
  /** `true`: as long as the request lives; else a duration. */
  readonly wait?: boolean | string;
}

const DEFAULT_SECONDS = 1_800;
const LONGEST_REASON = 1_000;
/** No timer has it; the dry run needs an owner that is well-formed. */
const NO_UID = '00000000-0000-0000-0000-000000000000';

/** Asks for a Role for a time. */
export async function request(session: Session, name: string | undefined, options: RequestOptions): Promise<Result> {
  const role = roleName(name, options.profile);
  const reason = options.reason?.trim() ?? '';
  const ticket = options.ticket?.trim() ?? '';
  if (!reason) wrongUse('--reason is missing: whoever approves, and whoever reads the log, has to know why. Fix: --reason "ledger is stuck".');
  if (reason.length > LONGEST_REASON) wrongUse(`--reason has ${reason.length} characters, the limit is ${LONGEST_REASON}. Fix: put details in the ticket.`);
  for (const [option, text] of [['--reason', reason], ['--ticket', ticket]]) {
    if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) wrongUse(`${option} contains line ends or control characters. Fix: write it on one line.`);
  }
  const asked = options.for === undefined ? undefined : seconds('--for', options.for);
  const limit = typeof options.wait === 'string' ? seconds('--wait', options.wait) : undefined;

  const { namespace, cluster } = session;
  const [me, roles] = await Promise.all([session.whoAmI(), requestableRoles(session, namespace)]);
  const found = roles.find(one => one.metadata.name === role);
  const terms = AccessRequests.termsOf(found);
  if (!terms) {
    const known = roles.map(one => one.metadata.name).join(', ');
    wrongUse(`The Role ${role} cannot be requested in ${namespace}. Fix: ${known ? `choose one of: ${known}` : 'name another namespace with -n; in this one nothing can be requested'}.`);
  }
  const time = checked(terms!, me, asked, ticket);
  await clearTheWay(session, role, me);

  const granted = AccessRequests.needsNoApproval(terms!, me.groups);
  const said = { namespace, role, requestedBy: me.name, reason, ticket, granted };
  const unique = session.io.unique();
  const timer = AccessRequests.timer(namespace, time, unique);
  const body = (job: any, timerUid: string) => AccessRequests.manifest({
    ...said, expiresAt: expiry(job, time), timer: timer.metadata.name, timerUid,
  });
  // A timer cannot be taken back, only runs out. So both are tried without effect first: what a policy or RBAC refuses
  // leaves nothing behind. The end is counted from the timer's own beginning, by the API server's clock.
  const tried = await cluster.create(paths.jobs(namespace), timer, { dryRun: 'All' });
  await cluster.create(paths.roleBindings(namespace), body(tried, NO_UID), { dryRun: 'All' });
  const job = await cluster.create(paths.jobs(namespace), timer);
  let made: Standing;
  try {
    made = standing(session, await cluster.create(paths.roleBindings(namespace), body(job, job.metadata.uid)))!;
  } catch (error) {
    session.tell(`The timer ${plain(timer.metadata.name)} stays behind; it grants nothing, and ends by itself in ${duration(time)}.`);
    throw error;
  }

  if (made.state !== RequestState.ACTIVE) {
    const approve = plain(`secure-debug approve ${word(me.name)} -n ${namespace}`);
    const missing = AccessRequests.missing(terms!, made.request.approvals).join(', ');
    if (options.wait === undefined || options.wait === false) {
      return {
        data: asData(made),
        text: [
          `Requested ${session.paint('bold', plain(role))} in ${namespace} until ${until(made)}. It needs approval: ${plain(missing)}.`,
          `An approver runs:  ${approve}`,
          `How it stands:     ${session.line('secure-debug', 'status', '-n', namespace)}`,
        ].join('\n'),
      };
    }
    session.tell(`Requested ${plain(role)} in ${namespace} until ${until(made)}. It needs approval: ${plain(missing)}. An approver runs:\n  ${approve}`);
    const ended = await waitFor(session, made, terms!, limit);
    if (ended.state !== RequestState.ACTIVE) return notGranted(session, ended);
    made = ended;
  }
  return { data: { ...asData(made), next: nextSteps(session, found, namespace) }, text: have(session, made, found), code: OK };
}

function roleName(name: string | undefined, profile: string | undefined): string {
  if (name !== undefined && profile !== undefined) wrongUse('A Role and --profile contradict each other. Fix: give one; --profile NAME means debug-grant-NAME.');
  return name ?? (profile === undefined ? 'debug-grant' : `debug-grant-${profile}`);
}

/** The seconds, when the terms allow what is asked; the policy would say the same, later. */
function checked(terms: RequestTerms, me: Me, asked: number | undefined, ticket: string): number {
  const longest = AccessRequests.maxSecondsFor(terms, me.groups);
  if (asked !== undefined && asked > longest) {
    wrongUse(`--for ${duration(asked)} is more than ${terms.role} allows you in ${terms.namespace}: ${duration(longest)}. Fix: --for ${duration(longest).replace(' ', '')}; ask again when it is over.`);
  }
  if (terms.ticketPattern) {
    if (!ticket) wrongUse(`--ticket is missing: ${terms.role} wants one that matches ${terms.ticketPattern}. Fix: name the incident.`);
    let pattern: RegExp | undefined;
    try {
      pattern = new RegExp(`^(?:${terms.ticketPattern})$`, 'u');
    } catch {
      // RE2 knows more than JavaScript; then the cluster is who says no.
    }
    if (pattern && !pattern.test(ticket)) wrongUse(`--ticket ${ticket} does not match ${terms.ticketPattern}. Fix: name the incident as ${terms.role} wants it.`);
  }
  return asked ?? Math.min(DEFAULT_SECONDS, longest);
}

/** There is one request a person and Role: an open one is an error, one that is over is removed. */
async function clearTheWay(session: Session, role: string, me: Me): Promise<void> {
  const { namespace, cluster } = session;
  const path = paths.roleBindings(namespace, AccessRequests.nameOf(role, me.name));
  const former = standing(session, await cluster.find(path));
  if (!former) return;
  if (isOpen(former)) {
    const is = former.state === RequestState.ACTIVE ? `You have ${role} in ${namespace} already` : `You asked for ${role} in ${namespace} already`;
    refused(`${is}, until ${until(former)}. Fix: go on with it, or end it first: ${session.line('secure-debug', 'withdraw', word(role), '-n', namespace)}`);
  }
  try {
    await cluster.delete(path, former.request.uid);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return; // its timer was faster
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    const { request: { name, closedBy, closedReason }, state } = former;
    const by = closedBy ? ` by ${closedBy} (${closedReason})` : '';
    refused(`Your request for ${role} in ${namespace} was ${state}${by}, and stays until ${until(former)}. Fix: ask again after that; an approver can remove it before, by: kubectl -n ${namespace} delete rolebinding ${word(name)}`);
  }
}

/** The timer's creation and its seconds, which is when it ends. */
function expiry(job: any, time: number): string {
  return new Date(Date.parse(job.metadata.creationTimestamp) + time * 1_000).toISOString().replace(/\.\d+Z$/, 'Z');
}

function have(session: Session, made: Standing, role: any): string {
  const { request: { namespace, role: name } } = made;
  return [
    `${session.paint('green', 'You have')} ${session.paint('bold', plain(name))} in ${namespace} until ${until(made)}. Go on with:`,
    ...nextSteps(session, role, namespace).map(step => `  ${step}`),
    `Done early?  ${session.line('secure-debug', 'withdraw', word(name), '-n', namespace)}`,
  ].join('\n');
}

function notGranted(session: Session, ended: Standing): Result {
  const { request: { role, namespace, closedBy, closedReason }, state } = ended;
  const why = closedBy === undefined ? '' : ` by ${plain(closedBy)}: ${plain(closedReason ?? '')}`;
  const text = state === RequestState.PENDING
    ? `Nobody approved ${plain(role)} in ${namespace} in time; the request stays open until ${until(ended)}.`
    : `${session.paint('red', state === RequestState.EXPIRED ? 'Expired' : `Was ${plain(state)}`)}${why}. You do not have ${plain(role)} in ${namespace}.`;
  return { data: asData(ended), text, code: REFUSED };
}

import { RequestState } from 'cdk8s-secure-debug';
import { allRequests, asData, isOpen, Standing } from './requests';
import { CommonOptions, Result, Session } from '../session';
import { table } from '../table';
import { duration, Paint, plain, Style } from '../text';

interface ListOptions extends CommonOptions {
  readonly all?: boolean;
}

/** Open requests and running grants; with --all also what is over. */
export async function list(session: Session, options: ListOptions): Promise<Result> {
  const requests = (await allRequests(session, session.listed)).filter(one => options.all || isOpen(one));
  const where = session.listed === undefined ? 'any namespace' : session.listed;
  const rest = options.all ? '' : ' (--all shows what is over)';
  return {
    data: requests.map(asData),
    text: requests.length === 0 ? `Nobody asks for or has access in ${where}${rest}.` : drawn(session.paint, requests),
  };
}

const STYLES: Partial<Record<RequestState, Style>> = { [RequestState.ACTIVE]: 'green', [RequestState.PENDING]: 'yellow' };

function drawn(paint: Paint, requests: Standing[]): string {
  return table(paint, ['NAMESPACE', 'ROLE', 'WHO', 'STATE', 'LEFT', 'TICKET', 'APPROVED BY', 'REASON'], requests.map(one => {
    const { request, state } = one;
    const closed = request.closed === undefined ? '' : ` (${state} by ${request.closedBy}: ${request.closedReason})`;
    return [
      plain(request.namespace),
      plain(request.role),
      plain(request.requestedBy),
      paint(STYLES[state] ?? 'dim', plain(state)),
      isOpen(one) ? duration(one.secondsLeft) : '-',
      plain(request.ticket || '-'),
      plain(request.approvals.map(({ user }) => user).join(', ') || '-'),
      plain(`${request.reason}${closed}`),
    ];
  }));
}

import { AccessRequests, RequestState } from 'cdk8s-secure-debug';

const MARKS = { role: 'role', requestedBy: 'requested-by', reason: 'reason', ticket: 'ticket', expiresAt: 'expires-at', approved: 'approved-by', closedBy: 'closed-by' };
const request = AccessRequests.manifest({ namespace: 'n', timer: 't', timerUid: 'u', ...MARKS });
const read = AccessRequests.read(request)!;
const approval = AccessRequests.approval(read, { approvals: 1, approvers: [], quorum: {} } as any, MARKS.approved, 'g');
const closing = AccessRequests.closing(read, RequestState.DENIED, MARKS.closedBy, 'because');

const keyOf = (patch: any, mark: string): string => Object.entries<string>(patch.metadata.annotations).find(([, value]) => value.split(' ')[0] === mark)![0];

/** How a request for access is written down, as the library writes it: the label and the annotations of its RoleBinding. */
export const REQUEST_KEYS = {
  label: AccessRequests.REQUEST_LABEL,
  requestedBy: keyOf(request, MARKS.requestedBy),
  reason: keyOf(request, MARKS.reason),
  ticket: keyOf(request, MARKS.ticket),
  expiresAt: keyOf(request, MARKS.expiresAt),
  approvals: keyOf(approval, MARKS.approved),
  closed: keyOf(closing, RequestState.DENIED),
};

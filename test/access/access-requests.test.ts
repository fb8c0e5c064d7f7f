import { AccessRequests, RequestState } from '../../src';

const P = 'secure-debug.internal/';

const role = (annotations: Record<string, string>, name = 'debug-grant') => ({
  metadata: { name, namespace: 'payments', labels: { [`${P}requestable`]: 'true' }, annotations },
});

const terms = AccessRequests.termsOf(role({
  [`${P}max-seconds`]: '3600',
  [`${P}max-seconds-by-group`]: 'sre=7200\nstaff=14400',
  [`${P}approvals-needed`]: '3',
  [`${P}approvers`]: 'payments-leads\nsecurity',
  [`${P}quorum`]: 'security=1',
  [`${P}auto-approve`]: 'oncall-payments',
  [`${P}ticket-pattern`]: 'INC-[0-9]+',
}))!;

const asked = AccessRequests.manifest({
  namespace: 'payments',
  role: 'debug-grant',
  requestedBy: 'https://idp/alice',
  reason: 'ledger stuck',
  ticket: 'INC-7',
  expiresAt: '2026-03-01T18:00:00Z',
  timer: 'debug-timer-1800-abc',
  timerUid: 'u-1',
});
const stored = { ...asked, metadata: { ...asked.metadata, uid: 'u-2', resourceVersion: '5', creationTimestamp: '2026-03-01T17:30:00Z' } };
const request = AccessRequests.read(stored)!;
const BEFORE = '2026-03-01T17:45:00Z';

describe('the request', () => {
  test('is a RoleBinding without subjects, owned by its timer, one a person and Role', () => {
    expect(asked).toEqual({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: {
        name: 'debug-grant:https:||idp|alice',
        namespace: 'payments',
        labels: { [`${P}request-for`]: 'debug-grant' },
        annotations: {
          [`${P}requested-by`]: 'https://idp/alice',
          [`${P}request-reason`]: 'ledger stuck',
          [`${P}ticket`]: 'INC-7',
          [`${P}expires-at`]: '2026-03-01T18:00:00Z',
        },
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'debug-timer-1800-abc', uid: 'u-1' }],
      },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'debug-grant' },
    });
    expect(AccessRequests.nameOf('debug-grant', 'https://idp/alice')).toBe(asked.metadata.name);
  });

  test('has its requester as the one subject when no approval is needed', () => {
    const granted = AccessRequests.manifest({ namespace: 'n', role: 'r', requestedBy: 'alice', reason: 'x', expiresAt: 'y', timer: 't', timerUid: 'u', granted: true });
    expect(granted.subjects).toEqual([{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'alice' }]);
    expect(granted.metadata.annotations).not.toHaveProperty(`${P}ticket`);
  });

  test('is read as it was written', () => {
    expect(request).toEqual({
      name: 'debug-grant:https:||idp|alice',
      namespace: 'payments',
      role: 'debug-grant',
      requestedBy: 'https://idp/alice',
      reason: 'ledger stuck',
      ticket: 'INC-7',
      requestedAt: '2026-03-01T17:30:00Z',
      expiresAt: '2026-03-01T18:00:00Z',
      approvals: [],
      granted: false,
      timer: 'debug-timer-1800-abc',
      uid: 'u-2',
      resourceVersion: '5',
    });
  });

  test.each([[undefined], [{}], [{ metadata: { name: 'oncall-debug', labels: {} } }]])('%j is none', binding => {
    expect(AccessRequests.read(binding)).toBeUndefined();
  });

  test('of which only the label is there is read all the same: whoever lists must see it', () => {
    const bare = AccessRequests.read({ metadata: { name: 'x', namespace: 'n', labels: { [`${P}request-for`]: 'debug-grant' } } })!;
    expect(bare).toMatchObject({ role: '', requestedBy: '', reason: '', expiresAt: '', approvals: [], timer: '' });
    expect(AccessRequests.stateOf(bare, BEFORE)).toBe(RequestState.EXPIRED);
  });
});

describe('the timer', () => {
  test('is a Job that runs no pod and is named after its seconds', () => {
    const timer = AccessRequests.timer('payments', 1800, 'abc');
    expect(timer.metadata).toEqual({ name: 'debug-timer-1800-abc', namespace: 'payments' });
    expect(timer.spec).toMatchObject({ activeDeadlineSeconds: 1800, parallelism: 0, ttlSecondsAfterFinished: 0 });
  });

  test.each([0, -5, 1.5, 1_000_000, NaN])('of %p seconds is refused', seconds => {
    expect(() => AccessRequests.timer('payments', seconds, 'abc')).toThrow(/seconds.*Fix/);
  });
});

describe('the terms', () => {
  test('are read from the annotations of a Role with the label', () => {
    expect(terms).toEqual({
      role: 'debug-grant',
      namespace: 'payments',
      maxSeconds: 3600,
      maxSecondsByGroup: { sre: 7200, staff: 14400 },
      approvals: 3,
      approvers: ['payments-leads', 'security'],
      quorum: { security: 1 },
      autoApprove: ['oncall-payments'],
      ticketPattern: 'INC-[0-9]+',
    });
  });

  test('are nobody\'s without the label, and grant nothing without annotations', () => {
    expect(AccessRequests.termsOf({ metadata: { name: 'oncall-debug' } })).toBeUndefined();
    expect(AccessRequests.termsOf(undefined)).toBeUndefined();
    expect(AccessRequests.termsOf({ metadata: { name: 'r', labels: { [`${P}requestable`]: 'false' } } })).toBeUndefined();
    expect(AccessRequests.termsOf({ metadata: { name: 'r', namespace: 'n', labels: { [`${P}requestable`]: 'true' } } }))
      .toMatchObject({ maxSeconds: 0, approvals: 1, approvers: [], autoApprove: [] });
  });

  test('give who is in several groups the longest of their limits, others that of the Role', () => {
    expect(AccessRequests.maxSecondsFor(terms, ['sre', 'staff'])).toBe(14400);
    expect(AccessRequests.maxSecondsFor(terms, ['sre'])).toBe(7200);
    expect(AccessRequests.maxSecondsFor(terms, ['system:authenticated'])).toBe(3600);
  });

  test('let named groups have it at once', () => {
    expect(AccessRequests.needsNoApproval(terms, ['a', 'oncall-payments'])).toBe(true);
    expect(AccessRequests.needsNoApproval(terms, ['payments-leads'])).toBe(false);
  });
});

describe('approvals', () => {
  const lead = { user: 'bob', group: 'payments-leads' };
  const other = { user: 'carol', group: 'payments-leads' };
  const guard = { user: 'dave', group: 'security' };

  test('are missing until there are enough, and the quorum is met', () => {
    expect(AccessRequests.missing(terms, [])).toEqual(['1 of security', '2 of payments-leads or security']);
    expect(AccessRequests.missing(terms, [lead, other])).toEqual(['1 of security']);
    expect(AccessRequests.missing(terms, [lead, other, { user: 'erin', group: 'payments-leads' }])).toEqual(['1 of security']);
    expect(AccessRequests.missing(terms, [lead, guard])).toEqual(['1 of payments-leads or security']);
    expect(AccessRequests.missing(terms, [lead, other, guard])).toEqual([]);
  });

  test('count for the group that the quorum lacks', () => {
    expect(AccessRequests.approvesAs(terms, [], ['payments-leads', 'security'])).toBe('security');
    expect(AccessRequests.approvesAs(terms, [guard], ['payments-leads', 'security'])).toBe('payments-leads');
    expect(AccessRequests.approvesAs(terms, [], ['oncall-payments'])).toBeUndefined();
  });

  test('add exactly one line, and nobody gets the Role before the last one', () => {
    const first = AccessRequests.approval(request, terms, 'bob', 'payments-leads');
    expect(first).toEqual({ metadata: { resourceVersion: '5', annotations: { [`${P}approvals`]: 'bob as payments-leads' } } });
    const last = AccessRequests.approval({ ...request, approvals: [lead, other] }, terms, 'dave', 'security');
    expect(last.metadata.annotations[`${P}approvals`]).toBe('bob as payments-leads\ncarol as payments-leads\ndave as security');
    expect(last.subjects).toEqual([{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'https://idp/alice' }]);
  });

  test('are read from the end of the line: a user name may contain " as "', () => {
    const annotations = { ...stored.metadata.annotations, [`${P}approvals`]: 'bob as x as security\nno group' };
    expect(AccessRequests.read({ ...stored, metadata: { ...stored.metadata, annotations } })!.approvals)
      .toEqual([{ user: 'bob as x', group: 'security' }, { user: 'no group', group: '' }]);
  });
});

describe('the end', () => {
  test.each([
    [{}, BEFORE, RequestState.PENDING],
    [{ granted: true }, BEFORE, RequestState.ACTIVE],
    [{ granted: true }, '2026-03-01T18:00:00Z', RequestState.EXPIRED],
    [{ expiresAt: 'never' }, BEFORE, RequestState.EXPIRED],
    [{ closed: RequestState.DENIED }, '2027-01-01T00:00:00Z', RequestState.DENIED],
  ])('%j at %s is %s', (change, at, state) => {
    expect(AccessRequests.stateOf({ ...request, ...change }, at)).toBe(state);
  });

  test('takes the subject and says who and why', () => {
    const closing = AccessRequests.closing({ ...request, granted: true }, RequestState.REVOKED, 'bob', 'over');
    expect(closing).toEqual({
      metadata: { resourceVersion: '5', annotations: { [`${P}closed`]: 'revoked', [`${P}closed-by`]: 'bob', [`${P}closed-reason`]: 'over' } },
      subjects: null,
    });
    expect(AccessRequests.closing(request, RequestState.DENIED, 'bob', 'no')).not.toHaveProperty('subjects');
    const annotations = { ...stored.metadata.annotations, ...closing.metadata.annotations };
    expect(AccessRequests.read({ ...stored, metadata: { ...stored.metadata, annotations } })).toMatchObject({ closed: 'revoked', closedBy: 'bob', closedReason: 'over' });
  });

  test('is none of "active"', () => {
    expect(() => AccessRequests.closing(request, RequestState.ACTIVE, 'bob', 'x')).toThrow(/closes nothing.*RequestState.DENIED/);
  });
});

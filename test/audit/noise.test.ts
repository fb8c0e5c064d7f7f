import { auditPolicy, declaredAccess } from './plane';
import { LoggedEvent, realisticLog } from './realistic-log';
import { AuditPolicyEvaluator } from '../../src';

const log = realisticLog();
const bytes = (events: LoggedEvent[]) => events.reduce((sum, { line }) => sum + line.length + 1, 0);
const percent = (part: number, all: number) => Math.round(100 * part / all);

describe.each([['alone', () => auditPolicy()], ['with declared access', () => auditPolicy({ access: declaredAccess() })]])('%s', (_title, made) => {
  let evaluator: AuditPolicyEvaluator;
  let kept: LoggedEvent[];
  let dropped: LoggedEvent[];
  beforeEach(() => {
    evaluator = made().evaluator;
    kept = log.filter(({ event }) => evaluator.records(event));
    dropped = log.filter(({ event }) => !evaluator.records(event));
  });

  it('nothing is dropped that a person did, directly or through a proxy, allowed or refused', () => {
    expect(log.filter(({ person }) => person).length).toBeGreaterThan(300);
    expect(dropped.filter(({ person }) => person).map(({ line }) => line)).toEqual([]);
  });
  it('most of the log is noise, and is not recorded', () => {
    const shares = { events: percent(dropped.length, log.length), bytes: percent(bytes(dropped), bytes(log)) };
    expect({ events: log.length, dropped: shares }).toEqual({ events: 8615, dropped: { events: 82, bytes: 82 } });
    expect(percent(kept.filter(({ person }) => person).length, kept.length)).toBeGreaterThanOrEqual(13);
  });
  it('what is dropped was done by the control plane, which writes no grant, secret or workload in it', () => {
    expect(dropped.filter(({ event }) => !/^system:(apiserver|kube-|node:|anonymous|serviceaccount:kube-system:)/.test(event.user.username))).toEqual([]);
    const written = dropped.map(({ event }) => event).filter(({ verb }) => !['get', 'list', 'watch'].includes(verb));
    const what = written.map(({ objectRef: { resource, subresource } }) => subresource ? `${resource}/${subresource}` : resource);
    expect([...new Set(what)].sort()).toEqual(['endpoints', 'endpointslices', 'events', 'leases', 'nodes/status']);
  });
  it('every read of a Secret is there, at its end', () => {
    const ofSecrets = log.filter(({ event }) => event.objectRef?.resource === 'secrets' && event.stage === 'ResponseComplete');
    expect(ofSecrets.length).toBeGreaterThan(400);
    expect(ofSecrets.filter(({ event }) => !evaluator.records(event))).toEqual([]);
  });
});

import * as fc from 'fast-check';
import {
  addedAgo, ago, annotated, badImage, CONFIG, createdAgo, debugged, endedAgo, exempted, labelled, NOW, ownedBy, ownedByNobody, pod, podEnded,
  runningFor, script, terminating, Trait,
} from './fake-pods';

const decide = (traits: Trait[], config: object = {}, name = 'ledger-0') => script.decide(pod(name, ...traits), NOW, { ...CONFIG, ...config });
const verdict = (traits: Trait[], config?: object, name?: string) => {
  const { verdict: what, why } = decide(traits, config, name);
  return `${what}: ${why}`;
};
const IN_AN_HOUR = '2026-03-01T13:00:00Z';

describe('what counts as a debug session', () => {
  it.each<[string, string, Trait[]]>([
    ['a pod nobody debugged is none of its business', 'ignore: not-debugged', []],
    ['nor is one of which only the kubelet still speaks', 'ignore: not-debugged', [({ status }) => status.ephemeralContainerStatuses.push({ name: 'x', state: { running: {} } })]],
    ['a debug container within the limit stays', 'fresh: running', [runningFor(59)]],
    ['a debug container exactly at the limit stays', 'fresh: running', [runningFor(60)]],
    ['a debug container past the limit costs its pod', 'evict: ran-too-long', [runningFor(61)]],
    ['one that ended a moment ago stays, somebody may come back', 'fresh: just-ended', [endedAgo(14)]],
    ['exactly at the end of the grace it stays', 'fresh: just-ended', [endedAgo(15)]],
    ['one that ended a while ago costs its pod: it cannot be removed from it', 'evict: ended', [endedAgo(16)]],
    ['of several that ended, the last one counts', 'fresh: just-ended', [endedAgo(500, 'a'), endedAgo(3, 'b'), endedAgo(400, 'c')]],
    ['somebody at work keeps a pod in which another session ended', 'fresh: running', [endedAgo(500, 'a'), runningFor(3, 'b')]],
    ['a stale session is not hidden by a fresh one', 'evict: ran-too-long', [runningFor(3, 'a'), runningFor(61, 'b'), runningFor(5, 'c')]],
    ['nor by one that just ended', 'evict: ran-too-long', [runningFor(61, 'a'), endedAgo(1, 'b')]],
    ['a bad image counts from when it was added', 'fresh: running', [badImage(), addedAgo(30)]],
    ['and is stale after the limit', 'evict: ran-too-long', [badImage(), addedAgo(61)]],
    ['of several additions the latest counts', 'fresh: running', [badImage(), addedAgo(300), addedAgo(5), addedAgo(200)]],
    ['changes of something else do not count', 'evict: unknown-start', [badImage(), ({ metadata }) => metadata.managedFields.push({ subresource: 'status', time: ago(1) })]],
    ['a bad image without a time is stale: missing means stale', 'evict: unknown-start', [badImage()]],
    ['one that the kubelet has not seen counts from when it was added', 'fresh: running', [debugged(), addedAgo(1)]],
    ['a running one without a time is stale', 'evict: unknown-start', [debugged({ running: {} })]],
    ['a running one with a time that is none is stale', 'evict: unknown-start', [debugged({ running: { startedAt: 'yesterday' } })]],
    ['an ended one without a time is stale', 'evict: ended', [debugged({ terminated: { exitCode: 1 } })]],
    ['a start in the future (clocks differ) is fresh', 'fresh: running', [runningFor(-5)]],
    ['without managed fields and without status it is stale', 'evict: unknown-start', [debugged(), p => { delete p.metadata.managedFields; delete p.status; }]],
    ['a managed field without a time is none', 'evict: unknown-start', [badImage(), ({ metadata }) => metadata.managedFields.push({ subresource: 'ephemeralcontainers' })]],
    ['a pod that is terminating is left to it', 'ignore: terminating', [runningFor(500), terminating]],
    ['a pod that succeeded has nothing running in it', 'ignore: finished', [runningFor(500), podEnded('Succeeded', 1)]],
    ['nor has one that failed', 'ignore: finished', [runningFor(500), podEnded('Failed', 1)]],
  ])('%s', (_words, expected, traits) => expect(verdict(traits)).toBe(expected));

  it('a pod without any status or spec is not debugged', () => {
    expect(script.decide({ metadata: { name: 'x', namespace: 'payments', uid: '1' } }, NOW, CONFIG)).toEqual({ verdict: 'ignore', why: 'not-debugged', detail: 'it was not debugged' });
  });

  it('is said in words, with times a person can check', () => {
    expect(decide([runningFor(61)])).toMatchObject({ kind: 'ephemeral-container', sinceMs: NOW - 61 * 60_000, detail: 'debugged since 2026-03-01T10:59:00Z, for 1 h 1 min, the limit is 1 h' });
    expect(decide([runningFor(3)])).toMatchObject({ detail: 'debugged since 2026-03-01T11:57:00Z, for 3 min, the limit is 1 h' });
    expect(decide([endedAgo(16)])).toMatchObject({ detail: 'debugging ended 2026-03-01T11:44:00Z, 16 min ago, the grace is 15 min' });
    expect(decide([debugged({ terminated: {} })])).toMatchObject({ sinceMs: 0, detail: 'debugging ended at a time that nobody can tell, the grace is 15 min' });
    expect(decide([badImage()])).toMatchObject({ sinceMs: 0, detail: 'debugged since a time that nobody can tell' });
    expect(decide([runningFor(-5)])).toMatchObject({ detail: 'debugged since 2026-03-01T12:05:00Z, for 0 s, the limit is 1 h' });
    expect(decide([terminating, runningFor(99)])).toEqual({ verdict: 'ignore', why: 'terminating', detail: 'it is terminating already' });
    expect(decide([podEnded('Failed'), runningFor(99)]).detail).toBe('the whole pod has ended, and its debug containers with it');
  });
});

describe('node debuggers and copies', () => {
  const debugger_ = [ownedByNobody, createdAgo(61)];
  const COPIES = { copySelector: { 'debug-copy': 'true', 'team': 'payments' } };
  const copy = labelled({ 'debug-copy': 'true', 'team': 'payments', 'app': 'ledger' });

  it.each<[string, string, string, Trait[], object?]>([
    ['a node debugger past the limit goes', 'evict: ran-too-long', 'node-debugger-worker-1-x7p2q', debugger_],
    ['a node debugger within the limit stays', 'fresh: running', 'node-debugger-worker-1-x7p2q', [ownedByNobody, createdAgo(60)]],
    ['one that ended and was left behind goes after the grace, also before the limit', 'evict: ended', 'node-debugger-worker-1-x7p2q', [ownedByNobody, createdAgo(30), podEnded('Succeeded', 16)]],
    ['one that just ended stays for a moment', 'fresh: just-ended', 'node-debugger-worker-1-x7p2q', [ownedByNobody, createdAgo(90), podEnded('Failed', 5)]],
    ['one that failed before it ran counts from its creation', 'evict: ended', 'node-debugger-worker-1-x7p2q', [ownedByNobody, createdAgo(90), podEnded('Failed')]],
    ['and is not taken for older than it is', 'fresh: just-ended', 'node-debugger-worker-1-x7p2q', [ownedByNobody, createdAgo(9), podEnded('Failed')]],
    ['it is known by the label of newer kubectl too', 'evict: ran-too-long', 'renamed', [...debugger_, labelled({ 'app.kubernetes.io/managed-by': 'kubectl-debug' })]],
    ['another manager is no node debugger', 'ignore: not-debugged', 'renamed', [...debugger_, labelled({ 'app.kubernetes.io/managed-by': 'helm' })]],
    ['the name alone makes none: a Deployment may be called so', 'ignore: not-debugged', 'node-debugger-6d5f-abcde', [createdAgo(500)]],
    ['nor does the label on a pod that something owns', 'ignore: not-debugged', 'web-0', [createdAgo(500), labelled({ 'app.kubernetes.io/managed-by': 'kubectl-debug' })]],
    ['the name has to begin so', 'ignore: not-debugged', 'my-node-debugger-x', debugger_],
    ['without a creation time it is stale', 'evict: unknown-start', 'node-debugger-worker-1-x7p2q', [ownedByNobody, ({ metadata }) => { delete metadata.creationTimestamp; }]],
    ['one that is terminating is left to it', 'ignore: terminating', 'node-debugger-worker-1-x7p2q', [...debugger_, terminating]],
    ['an exempted one stays', 'keep: exempt', 'node-debugger-worker-1-x7p2q', [...debugger_, exempted(IN_AN_HOUR, 'disk is being copied')]],
    ['the mirror of a static pod stays, whatever its name', 'keep: static-pod', 'node-debugger-worker-1', [...debugger_, annotated({ 'kubernetes.io/config.mirror': 'abc' })]],
    ['a copy with all declared labels goes', 'evict: ran-too-long', 'ledger-copy', [...debugger_, copy], COPIES],
    ['a copy within the limit stays', 'fresh: running', 'ledger-copy', [ownedByNobody, createdAgo(5), copy], COPIES],
    ['one label missing is no copy', 'ignore: not-debugged', 'ledger-copy', [...debugger_, labelled({ 'debug-copy': 'true' })], COPIES],
    ['one value different is no copy', 'ignore: not-debugged', 'ledger-copy', [...debugger_, labelled({ 'debug-copy': 'true', 'team': 'search' })], COPIES],
    ['without declared labels there are no copies', 'ignore: not-debugged', 'ledger-copy', [...debugger_, copy]],
    ['a selector that is too wide never hits a workload', 'ignore: not-debugged', 'ledger-0', [createdAgo(5000), copy], COPIES],
    ['nor a pod with an owner that is no controller', 'ignore: not-debugged', 'ledger-0', [ownedBy('Workspace', false), createdAgo(5000), copy], COPIES],
    ['a copy without labels is not one', 'ignore: not-debugged', 'ledger-copy', [...debugger_, ({ metadata }) => { delete metadata.labels; }], COPIES],
    ['bare as they are, they need no opting in', 'evict: ran-too-long', 'ledger-copy', [...debugger_, copy, runningFor(3)], COPIES],
  ])('%s', (_words, expected, name, traits, ...[config]) => expect(verdict(traits, config, name)).toBe(expected));

  it('says of which kind it is', () => {
    expect(decide(debugger_, {}, 'node-debugger-a').kind).toBe('node-debugger');
    expect(decide([...debugger_, copy], COPIES, 'ledger-copy').kind).toBe('copy');
    expect(decide([...debugger_, copy], COPIES, 'node-debugger-a').kind).toBe('node-debugger');
    expect(decide([runningFor(1)]).kind).toBe('ephemeral-container');
  });
});

describe('pods that are not evicted, stale as they may be', () => {
  const stale = runningFor(90);
  it.each<[string, string, Trait[], object?]>([
    ['a static pod stays: its mirror', 'keep: static-pod', [stale, annotated({ 'kubernetes.io/config.mirror': 'abc' })]],
    ['a static pod stays: owned by its node', 'keep: static-pod', [stale, ownedBy('Node')]],
    ['a static pod stays with everything opted in', 'keep: static-pod', [stale, ownedBy('Node')], { includeBarePods: true, includeDaemonSets: true }],
    ['a pod of a DaemonSet stays', 'keep: daemonset', [stale, ownedBy('DaemonSet')]],
    ['unless it is opted in', 'evict: ran-too-long', [stale, ownedBy('DaemonSet')], { includeDaemonSets: true }],
    ['opting in bare pods is not opting in DaemonSets', 'keep: daemonset', [stale, ownedBy('DaemonSet')], { includeBarePods: true }],
    ['a pod that nothing brings back stays', 'keep: bare-pod', [stale, ownedByNobody]],
    ['also when it has an owner that is no controller', 'keep: bare-pod', [stale, ownedBy('Workspace', false)]],
    ['unless it is opted in', 'evict: ran-too-long', [stale, ownedByNobody], { includeBarePods: true }],
    ['opting in DaemonSets is not opting in bare pods', 'keep: bare-pod', [stale, ownedByNobody], { includeDaemonSets: true }],
    ['a pod of a StatefulSet goes', 'evict: ran-too-long', [stale, ownedBy('StatefulSet')]],
    ['a pod of a Job goes', 'evict: ran-too-long', [stale, ownedBy('Job')]],
    ['an exempted pod stays', 'keep: exempt', [stale, exempted(IN_AN_HOUR, 'heap dump running')]],
    ['an exemption in another time zone counts by its instant', 'keep: exempt', [stale, exempted('2026-03-01T14:00:01+02:00', 'heap dump running')]],
    ['a fresh pod needs no exemption', 'fresh: running', [runningFor(1), exempted(IN_AN_HOUR, 'heap dump running')]],
    ['a fresh DaemonSet pod is fresh', 'fresh: running', [runningFor(1), ownedBy('DaemonSet')]],
    ['without annotations there is no exemption', 'evict: ran-too-long', [stale, ({ metadata }) => { delete metadata.annotations; }]],
  ])('%s', (_words, expected, traits, ...[config]) => expect(verdict(traits, config)).toBe(expected));

  it('says why, and what to do', () => {
    const since = 'debugged since 2026-03-01T10:30:00Z, for 1 h 30 min, the limit is 1 h; ';
    expect(decide([stale, exempted(IN_AN_HOUR, 'heap dump')]).detail).toBe(`${since}exempted until 2026-03-01T13:00:00Z, reason "heap dump"`);
    expect(decide([stale, ownedBy('Node')]).detail).toBe(`${since}it is a static pod, which only its node can end: restart it there`);
    expect(decide([stale, ownedByNobody]).detail).toBe(`${since}no controller would bring it back: delete it by hand, or set includeBarePods`);
    expect(decide([stale, ownedBy('DaemonSet')]).detail).toBe(`${since}it belongs to a DaemonSet: delete it by hand, or set includeDaemonSets`);
  });
});

describe('an exemption that does not count is said loudly', () => {
  const UNTIL = 'secure-debug.internal/cleanup-exempt-until';
  const REASON = 'secure-debug.internal/cleanup-exempt-reason';
  it.each<[string, Trait, string]>([
    ['a time in the past', exempted('2026-03-01T11:59:59Z', 'x'), `${UNTIL} "2026-03-01T11:59:59Z" is over`],
    ['this very moment', exempted('2026-03-01T12:00:00Z', 'x'), `${UNTIL} "2026-03-01T12:00:00Z" is over`],
    ['no reason', exempted(IN_AN_HOUR), `${REASON} is missing`],
    ['a blank reason', exempted(IN_AN_HOUR, '  '), `${REASON} is missing`],
    ['a reason without a time', exempted(undefined, 'because'), `${UNTIL} is missing`],
    ['"forever"', exempted('forever', 'because'), `${UNTIL} "forever" is not a time such as 2026-03-01T18:00:00Z (RFC 3339)`],
    ['an empty time', exempted('', 'because'), `${UNTIL} "" is not a time such as 2026-03-01T18:00:00Z (RFC 3339)`],
    ['a day alone', exempted('2027-01-01', 'because'), `${UNTIL} "2027-01-01" is not a time such as 2026-03-01T18:00:00Z (RFC 3339)`],
    ['a time without a zone', exempted('2027-01-01T00:00:00', 'because'), `${UNTIL} "2027-01-01T00:00:00" is not a time such as 2026-03-01T18:00:00Z (RFC 3339)`],
    ['a day that does not exist', exempted('2027-02-30T00:00:00Z', 'because'), `${UNTIL} "2027-02-30T00:00:00Z" is not a time such as 2026-03-01T18:00:00Z (RFC 3339)`],
    ['text after the time', exempted('2027-01-01T00:00:00Z or later', 'because'), `${UNTIL} "2027-01-01T00:00:00Z or later" is not a time such as 2026-03-01T18:00:00Z (RFC 3339)`],
    ['text that would end a line of the log', exempted('a\nb\u2028c\u202e', 'because'), `${UNTIL} "a\\nb\\u2028c\\u202e" is not a time such as 2026-03-01T18:00:00Z (RFC 3339)`],
    ['a text without end', exempted('x'.repeat(5000), 'because'), `${UNTIL} "${'x'.repeat(120)}" is not a time such as 2026-03-01T18:00:00Z (RFC 3339)`],
  ])('%s', (_words, trait, problem) => {
    expect(decide([runningFor(90), trait])).toMatchObject({ verdict: 'evict', why: 'ran-too-long', exemptionProblem: problem });
    expect(decide([runningFor(9), trait])).toMatchObject({ verdict: 'fresh', exemptionProblem: problem });
  });

  it('one that counts has no problem, and a pod without one neither', () => {
    expect(decide([runningFor(90), exempted(IN_AN_HOUR, 'x')]).exemptionProblem).toBeUndefined();
    expect(decide([runningFor(90)]).exemptionProblem).toBeUndefined();
  });
});

describe('times and durations', () => {
  it.each([
    ['2026-03-01T12:00:00Z', NOW], ['2026-03-01T12:00:00.000Z', NOW], ['2026-03-01T12:00:00.123456Z', NOW + 123], ['2026-03-01T12:00:00+00:00', NOW],
    ['2026-03-01T17:30:00+05:30', NOW], ['2026-03-01T07:00:00-05:00', NOW], ['2028-02-29T00:00:00Z', Date.UTC(2028, 1, 29)],
  ])('%s is a time', (text, ms) => expect(script.timeOf(text)).toBe(ms));

  it.each([
    undefined, '', 'Z', '2026-03-01', '2026-03-01T12:00:00', '2026-03-01 12:00:00Z', '2026-03-01T24:00:00Z', '2026-03-01T12:60:00Z', '2026-03-01T12:00:60Z', '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z', '2026-02-29T00:00:00Z', '2026-04-31T00:00:00Z', '2026-03-01T12:00:00+24:00', '2026-03-01T12:00:00+05:60', '2026-03-01T12:00:00.Z', '2026-03-01T12:00Z',
    ' 2026-03-01T12:00:00Z', '2026-03-01T12:00:00Z\n', '+002026-03-01T12:00:00Z',
  ])('%j is none', text => expect(script.timeOf(text)).toBeUndefined());

  it('every time that Kubernetes can write is read back', () => {
    fc.assert(fc.property(fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }), date => {
      const seconds = Math.floor(date.getTime() / 1000) * 1000;
      expect(script.timeOf(new Date(seconds).toISOString().replace('.000Z', 'Z'))).toBe(seconds);
      expect(script.timeOf(date.toISOString())).toBe(date.getTime());
    }));
  });

  it.each([
    [0, '0 s'], [-5, '0 s'], [999, '0 s'], [1000, '1 s'], [59_999, '59 s'], [60_000, '1 min'], [61_000, '1 min 1 s'], [3_600_000, '1 h'], [3_661_000, '1 h 1 min'],
    [3_601_000, '1 h 1 s'], [86_400_000, '1 d'], [90_061_000, '1 d 1 h'], [90 * 86_400_000, '90 d'],
  ])('%d ms are %s', (ms, words) => expect(script.duration(ms)).toBe(words));
});

describe('whatever a pod looks like', () => {
  const minutes = fc.integer({ min: 0, max: 300 });
  const session = fc.oneof(
    minutes.map(m => ({ trait: (name: string) => runningFor(m, name), running: true, minutes: m })),
    minutes.map(m => ({ trait: (name: string) => endedAgo(m, name), running: false, minutes: m })),
  );

  it('it is stale exactly when one runs past the limit, or all ended past the grace', () => {
    fc.assert(fc.property(fc.array(session, { minLength: 1, maxLength: 5 }), sessions => {
      const running = sessions.filter(s => s.running);
      const expected = running.length > 0 ? running.some(s => s.minutes > 60) : sessions.every(s => s.minutes > 15);
      expect(decide(sessions.map((s, i) => s.trait(`debugger-${i}`))).verdict).toBe(expected ? 'evict' : 'fresh');
    }));
  });

  it('an exemption in the future with a reason keeps it, and a longer limit never evicts more', () => {
    const someSessions = fc.array(session, { minLength: 1, maxLength: 4 });
    fc.assert(fc.property(someSessions, fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 60, max: 20_000 }), (sessions, ahead, limit) => {
      const traits = sessions.map((s, i) => s.trait(`debugger-${i}`));
      expect(decide([...traits, exempted(ago(-ahead), 'a reason')]).verdict).not.toBe('evict');
      const shorter = decide(traits, { maxAgeSeconds: limit, graceAfterEndSeconds: limit }).verdict;
      const longer = decide(traits, { maxAgeSeconds: limit + 60, graceAfterEndSeconds: limit + 60 }).verdict;
      if (shorter === 'fresh') expect(longer).toBe('fresh');
    }));
  });
});

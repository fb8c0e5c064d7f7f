/** The program that the canary runs, with a stand-in for the API server. */

// eslint-disable-next-line @typescript-eslint/no-require-imports
const { CanaryRun, createLog, main, readConfig } = require('../../assets/cleanup/guardrail-canary.js');
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { ApiError } = require('../../assets/cleanup/kubernetes.js');

const POLICY = 'secure-debug-bindings';
const PATH = '/apis/rbac.authorization.k8s.io/v1/namespaces/n/rolebindings?dryRun=All';
const refused = (policy: string, code = 403) => new ApiError(code, `rolebindings "x" is forbidden: ValidatingAdmissionPolicy '${policy}' with binding '${policy}' denied request: no`);
const STORED: { [path: string]: any } = {
  policy: { spec: { failurePolicy: 'Fail' } },
  binding: { spec: { policyName: POLICY, validationActions: ['Deny', 'Audit'] } },
  cronJob: { metadata: { uid: 'u1' } },
};

interface Scene { answers: any[]; stored?: { [path: string]: any }; probe?: object; retrySeconds?: number; eventFails?: boolean }

async function run({ answers, stored = STORED, probe = { policy: POLICY, path: PATH, body: { kind: 'RoleBinding' } }, retrySeconds = 1, eventFails }: Scene) {
  const lines: any[] = [];
  const posted: [string, any][] = [];
  const events: any[] = [];
  let now = 0;
  const client = {
    get: async (path: string) => {
      const found = stored[path.includes('policybindings/') ? 'binding' : path.includes('policies/') ? 'policy' : 'cronJob'];
      if (found instanceof Error) throw found;
      if (!found) throw new ApiError(404, 'not found');
      return found;
    },
    post: async (path: string, body: any) => {
      if (path.includes('/events')) {
        if (eventFails) throw new ApiError(403, 'no');
        events.push(body);
        return {};
      }
      posted.push([path, body]);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error) throw answer;
      return answer;
    },
    close: () => undefined,
  };
  const log = createLog((line: string) => lines.push(JSON.parse(line)), () => now);
  const config = readConfig(JSON.stringify({ cronJob: 'guardrail-canary', namespace: 'secure-debug', retrySeconds, probes: [probe] }));
  const succeeded = await new CanaryRun({ config, client, log, clock: () => (now += 400), instance: 'pod', pauseMs: 1 }).run();
  return { succeeded, lines, posted, events, alarm: lines.find(({ level }) => level === 'alarm')?.message };
}

it('succeeds when the policy of that name refuses', async () => {
  const { succeeded, lines, posted, events } = await run({ answers: [refused(POLICY)] });
  expect([succeeded, posted, events]).toEqual([true, [[PATH, { kind: 'RoleBinding' }]], []]);
  expect(lines.map(({ level, event, outcome }) => [level, event ?? outcome])).toEqual([['info', 'guardrail-decides'], ['info', 'summary']]);
});

it('tries again until the policy is loaded', async () => {
  const { succeeded, posted, alarm } = await run({ answers: [{}, {}, refused(POLICY)], retrySeconds: 10 });
  expect([succeeded, posted.length, alarm]).toEqual([true, 3, undefined]);
});

it('raises one alarm when time is over, and tells the CronJob', async () => {
  const { succeeded, lines, events, alarm } = await run({ answers: [{}] });
  expect(succeeded).toBe(false);
  expect(lines.filter(({ level }) => level === 'alarm')).toHaveLength(1);
  expect(lines.find(({ level }) => level === 'alarm')).toMatchObject({ event: 'guardrail-does-not-decide', policy: POLICY });
  expect(alarm).toBe(`${POLICY} does not decide: the request went through; the policy and its binding are there`);
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({ reason: 'GuardrailDoesNotDecide', type: 'Warning', regarding: { kind: 'CronJob', name: 'guardrail-canary', uid: 'u1' } });
});

describe('is not satisfied by', () => {
  it.each<[string, Partial<Scene>, string]>([
    ['a refusal by another policy', { answers: [refused('other')] }, 'it did not refuse the request: the API server answered 403'],
    ['a policy whose name begins alike', { answers: [refused(`${POLICY}-old`)] }, 'it did not refuse the request'],
    ['a refusal by RBAC', { answers: [new ApiError(403, 'rolebindings is forbidden: User "x" cannot create')] }, 'it did not refuse the request'],
    ['a policy that fails instead of deciding', { answers: [refused(POLICY, 422)] }, 'the API server answered 422'],
    ['a pod that is not found, so that admission let it pass', { answers: [new ApiError(404, 'pods "x" not found')] }, 'the request went through to what is not there'],
    ['an API server that cannot be reached', { answers: [new ApiError(0, 'connect ECONNREFUSED')] }, 'the API server answered 0'],
    ['a program that fails', { answers: [new TypeError('oops')] }, 'this program failed: oops'],
  ])('%s', async (_what, scene, why) => {
    const { succeeded, alarm } = await run({ answers: [], ...scene });
    expect([succeeded, alarm]).toEqual([false, expect.stringContaining(why)]);
  });
});

describe('says what is amiss with', () => {
  const probe = { policy: POLICY };
  it.each<[string, any, string]>([
    ['a policy that is not there', { ...STORED, policy: undefined }, 'the policy is not there'],
    ['a binding that is not there', { ...STORED, binding: undefined }, 'its binding is not there'],
    ['a binding of another policy', { ...STORED, binding: { spec: { policyName: 'other', validationActions: ['Deny'] } } }, 'its binding is about "other"'],
    ['a binding that warns', { ...STORED, binding: { spec: { policyName: POLICY, validationActions: ['Warn', 'Audit'] } } }, 'its binding does not deny, but "Warn, Audit"'],
    ['a binding that does nothing', { ...STORED, binding: { spec: { policyName: POLICY } } }, 'its binding does not deny'],
    ['failures that are ignored', { ...STORED, policy: { spec: { failurePolicy: 'Ignore' } } }, 'its failures are ignored'],
    ['a policy that it may not read', { ...STORED, policy: new ApiError(403, 'no') }, 'it could not be read: the API server answered 403'],
  ])('%s', async (_what, stored, why) => {
    expect((await run({ answers: [{}], stored })).alarm).toContain(why);
    const { succeeded, alarm, posted } = await run({ answers: [], stored, probe });
    expect([succeeded, posted, alarm]).toEqual([false, [], expect.stringContaining(why)]);
  });
  it('nothing, of a policy that is only looked at', async () => {
    expect((await run({ answers: [], probe })).succeeded).toBe(true);
  });
});

it('an Event that cannot be written fails too, and says so', async () => {
  const { lines } = await run({ answers: [{}], eventFails: true });
  expect(lines.find(({ outcome }) => outcome === 'failed').message).toContain('no Event could be written');
});

it('a CronJob that is not there yet gets its Event all the same', async () => {
  expect((await run({ answers: [{}], stored: { ...STORED, cronJob: undefined } })).events[0].regarding.uid).toBe('');
});

describe('a wrong configuration is refused', () => {
  const right = { cronJob: 'c', namespace: 'n', retrySeconds: 1, probes: [{ policy: 'p', path: '/x' }] };
  it.each<[string, string, string]>([
    ['what is no JSON', 'nonsense', 'it must be a JSON object'],
    ['no CronJob', JSON.stringify({ ...right, cronJob: '' }), 'cronJob must be a name'],
    ['no time', JSON.stringify({ ...right, retrySeconds: 0 }), 'retrySeconds must be a whole number above 0'],
    ['no probes, so that nothing would ever be amiss', JSON.stringify({ ...right, probes: [] }), 'probes must be a list of policies'],
    ['a probe without a policy', JSON.stringify({ ...right, probes: [{ path: '/x' }] }), 'probes must be a list of policies'],
    ['a path to elsewhere', JSON.stringify({ ...right, probes: [{ policy: 'p', path: 'https://x' }] }), 'probes must be a list of policies'],
  ])('%s', (_what, text, message) => {
    expect(() => readConfig(text)).toThrow(message);
  });
});

it('outside of a pod it says so, and fails', async () => {
  const lines: any[] = [];
  const log = createLog((line: string) => lines.push(JSON.parse(line)), () => 0);
  expect(await main(['config.json', '/nowhere'], {}, log, () => 0)).toBe(1);
  expect(lines[0].message).toContain('this runs in a pod');
  expect(await main([], {}, log, () => 0)).toBe(1);
  expect(lines[1].message).toBe('usage: guardrail-canary.js CONFIG.json SERVICE_ACCOUNT_DIRECTORY');
});

import * as requests from './requests.json';

/* eslint-disable @typescript-eslint/no-require-imports */
const { decide, readConfig, run } = require('../../assets/certificate-approver/certificate-approver.js');
const { ApiError } = require('../../assets/certificate-approver/kubernetes.js');
/* eslint-enable */

const CONFIG = { groups: ['oncall-payments', 'oncall-search'], maxSeconds: 1800, byCertificate: false, exceptions: ['system:serviceaccount:cert:operator'] };
const pem = (name: Exclude<keyof typeof requests, 'default'>) => Buffer.from(`${requests[name].join('\n')}\n`).toString('base64');
const SPEC = {
  request: pem('p256'),
  signerName: 'kubernetes.io/kube-apiserver-client',
  expirationSeconds: 1800,
  usages: ['client auth', 'digital signature'],
  username: 'alice',
  groups: ['oncall-payments', 'oncall-search', 'staff', 'system:authenticated'],
};
const request = (more: object = {}, status?: object) => ({ metadata: { name: 'alice-1', resourceVersion: '7' }, spec: { ...SPEC, ...more }, ...status && { status } });
function decision(more: object = {}, config: object = {}) {
  const [{ type, status, message }] = decide(request(more), { ...CONFIG, ...config }).status.conditions;
  expect(status).toBe('True');
  return `${type}: ${message}`;
}

describe('approved is', () => {
  it('a request that says who made it, and nothing else', () => expect(decide(request(), CONFIG)).toEqual({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'alice-1', resourceVersion: '7' },
    spec: SPEC,
    status: { conditions: [{ type: 'Approved', status: 'True', reason: 'SecureDebug', message: 'name and groups are those of alice, for 1800 s' }] },
  }));
  it('the shortest, and one without a signature usage', () => {
    expect(decision({ expirationSeconds: 600 })).toContain('Approved');
    expect(decision({ usages: ['client auth'] })).toContain('Approved');
  });
  it('some of one\'s groups', () => expect(decision({ request: pem('ed25519') })).toContain('Approved'));
  it('one that was made after a login', () => expect(decision({ extra: { 'authentication.kubernetes.io/credential-id': ['JTI=1'] } })).toContain('Approved'));
  it('one that was made with a certificate, only if that is wanted', () => {
    const extra = { 'authentication.kubernetes.io/credential-id': ['X509SHA256=00'] };
    expect(decision({ extra })).toBe('Denied: denied: it was made with a certificate: a certificate that gets the next would never end; log in first');
    expect(decision({ extra }, { byCertificate: true })).toContain('Approved');
  });
});

describe('denied is', () => {
  it.each<[string, object, string]>([
    ['the name of somebody else', { username: 'bob' }, 'its name (CN) "alice" is not that of who made it'],
    ['a name in other letters', { username: 'Alice' }, 'its name (CN) "alice" is not that'],
    ['a group that one is not in', { groups: ['oncall-payments'] }, 'who made it is not in its group (O) "oncall-search"'],
    ['a group while in none', { groups: undefined }, 'who made it is not in its group'],
    ['no group', { request: pem('nogroup') }, 'it has no group (O)'],
    ['a ServiceAccount', { username: 'system:serviceaccount:a:b' }, 'made by no person'],
    ['a component', { username: 'system:kube-scheduler' }, 'made by no person'],
    ['nobody', { username: '' }, 'made by no person'],
    ['no end', { expirationSeconds: undefined }, 'does not say for how long'],
    ['a day', { expirationSeconds: 86400 }, 'it is for 86400 s, not for 600 to 1800 s'],
    ['a second too long', { expirationSeconds: 1801 }, 'not for 600 to 1800 s'],
    ['less than Kubernetes signs for', { expirationSeconds: 599 }, 'not for 600 to 1800 s'],
    ['the usage of a server', { usages: ['client auth', 'server auth'] }, 'its usages are not'],
    ['no usage of a client', { usages: ['digital signature'] }, 'its usages are not'],
    ['no usages', { usages: undefined }, 'its usages are not'],
    ['the usage of an authority', { usages: ['client auth', 'cert sign'] }, 'its usages are not'],
    ['alternative names', { request: pem('san') }, 'asks for more than a name and groups'],
    ['what cannot be read', { request: 'AAAA' }, 'not one block of PEM'],
    ['what makes the program fail', { extra: { 'authentication.kubernetes.io/credential-id': 5 } }, 'it cannot be read'],
  ])('%s', (_what, more, why) => expect(decision(more)).toMatch(new RegExp(`^Denied: denied: .*${why.replace(/[()]/g, '\\$&')}`)));
  it('a group that does not debug, though one is in it', () => {
    expect(decision({}, { groups: ['oncall-payments'] })).toContain('its group (O) "oncall-search" is none that debugs');
  });
  it('a group of Kubernetes, even if the configuration names it', () => {
    // A configuration that somebody wrote by hand.
    const groups = ['system:masters'];
    expect(decision({ groups, request: pem('masters') }, { groups })).toContain('its group (O) "system:masters" is none that debugs');
  });
});

describe('left alone is', () => {
  it.each<[string, object, object | undefined]>([
    ['another signer', { signerName: 'kubernetes.io/kubelet-serving' }, undefined],
    ['what was decided', {}, { conditions: [{ type: 'Approved' }] }],
    ['what was denied', {}, { conditions: [{ type: 'Denied' }] }],
    ['what was signed', {}, { certificate: 'AAAA' }],
    ['a request of somebody excepted', { username: 'system:serviceaccount:cert:operator' }, undefined],
  ])('%s', (_what, more, status) => expect(decide(request(more, status), CONFIG)).toBeUndefined());
});

describe('a round', () => {
  function cluster(items: object[], put: (url: string, body: any) => Promise<unknown> = async () => ({})) {
    const puts: [string, any][] = [];
    const logged: any[] = [];
    const client = {
      get: async () => ({ items, metadata: {} }),
      put: async (url: string, body: any) => { puts.push([url, body]); return put(url, body); },
    };
    return { puts, logged, context: { client, log: (level: string, message: string, fields: object) => logged.push({ level, message, ...fields }) } };
  }
  const one = (made: ReturnType<typeof cluster>) => run(JSON.stringify(CONFIG), made.context, { rounds: 1 });

  it('decides each by itself, and writes down what and for whom', async () => {
    const made = cluster([request(), { ...request({ expirationSeconds: 86400 }), metadata: { name: 'b/c' } }, request({ signerName: 'example.com/x' })]);
    expect(await one(made)).toBe(true);
    expect(made.puts.map(([url, body]) => [url, body.status.conditions[0].type])).toEqual([
      ['/apis/certificates.k8s.io/v1/certificatesigningrequests/alice-1/approval', 'Approved'], ['/apis/certificates.k8s.io/v1/certificatesigningrequests/b%2Fc/approval', 'Denied'],
    ]);
    expect(made.logged.slice(1)).toEqual([
      { level: 'info', message: 'name and groups are those of alice, for 1800 s', outcome: 'approved', request: 'alice-1', person: 'alice', groups: SPEC.groups, seconds: 1800 },
      expect.objectContaining({ level: 'warning', outcome: 'denied', request: 'b/c' }),
    ]);
  });
  it.each([404, 409])('what changed meanwhile (%d) is for the next', async code => {
    const made = cluster([request()], async () => { throw new ApiError(code, 'gone'); });
    expect(await one(made)).toBe(true);
    expect(made.logged).toHaveLength(1);
  });
  it('what fails is said, and does not keep it from the others', async () => {
    const made = cluster([request(), request()], async () => { throw new ApiError(403, 'no'); });
    expect(await one(made)).toBe(false);
    expect(made.puts).toHaveLength(2);
    expect(made.logged[1]).toMatchObject({ level: 'error', message: 'cannot decide alice-1: no', outcome: 'failed' });
  });
  it('follows the other', async () => {
    const made = cluster([]);
    const pauses: number[] = [];
    await run(JSON.stringify(CONFIG), made.context, { rounds: 3, pause: async (ms: number) => pauses.push(ms) });
    expect(pauses).toEqual([2000, 2000]);
  });
});

it.each([
  [{}], [{ ...CONFIG, groups: [] }], [{ ...CONFIG, groups: undefined }], [{ ...CONFIG, maxSeconds: '1800' }], [{ ...CONFIG, maxSeconds: 10 }], [{ ...CONFIG, byCertificate: undefined }], [{ ...CONFIG, exceptions: undefined }], [null],
])('a configuration that is not whole approves nothing: %j', config => expect(() => readConfig(JSON.stringify(config))).toThrow('the configuration is wrong'));

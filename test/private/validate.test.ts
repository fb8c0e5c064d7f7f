import * as fc from 'fast-check';
import { refusal, rejected } from './refusal';
import * as v from '../../src/private/validate';

const W = 'X';
const F = 'field';
const told = (value: string, problem: string, fix: string) => `X: field = ${value} ${problem}. Fix: ${fix}.`;

describe('text', () => {
  const text = (value: any, max?: number) => v.text(W, F, value, 'a name', max);

  it.each(['a', 'größe', '支付', 'a b', 'Oncall Payments', 'a'.repeat(253)])('%j is accepted as it is', value => expect(text(value)).toBe(value));

  it.each<[any, string, string]>([
    [undefined, 'is empty', 'give a name'],
    [null, 'is empty', 'give a name'],
    ['', 'is empty', 'give a name'],
    [' \t\n', 'is empty', 'give a name'],
    [0, 'is not text', 'give a name'],
    [false, 'is not text', 'give a name'],
    [{}, 'is not text', 'give a name'],
    [['payments'], 'is not text', 'give a name'],
    [' a', 'begins or ends with blanks', 'write "a"'],
    ['a ', 'begins or ends with blanks', 'write "a"'],
    ['a\u00a0', 'begins or ends with blanks', 'write "a"'],
    ['a'.repeat(254), 'is 254 characters long, the limit is 253', 'shorten it to 253 characters'],
  ])('%j is refused: %s', (value, problem, fix) => expect(rejected(() => text(value))).toMatchObject({ where: W, field: F, value, problem, fix }));

  it('another limit can be set', () => {
    expect(text('abc', 3)).toBe('abc');
    expect(refusal(() => text('abcd', 3))).toBe(told('"abcd"', 'is 4 characters long, the limit is 3', 'shorten it to 3 characters'));
  });

  it.each<[string, string]>([
    ['a line break, which would forge a second line in a log', 'a\nb'],
    ['a null character', 'a\u0000b'],
    ['an escape sequence', 'a\u001b[31mb'],
    ['a C1 control', 'a\u009bb'],
    ['a delete', 'a\u007fb'],
    ['a line separator', 'a\u2028b'],
    ['a paragraph separator', 'a\u2029b'],
    ['a right-to-left override', 'a\u202eb'],
    ['an isolate', 'a\u2066b'],
    ['a zero-width space', 'oncall\u200bpayments'],
    ['a word joiner', 'oncall\u2060payments'],
    ['a soft hyphen', 'on\u00adcall'],
    ['a byte-order mark within', 'on\ufeffcall'],
    ['a joiner', 'on\u200dcall'],
    ['a non-joiner', 'on\u200ccall'],
    ['half a character', 'a\ud800b'],
    ['an invisible tag', 'a\u{e0041}b'],
  ])('%s is refused', (_what, value) => {
    expect(rejected(() => text(value))).toMatchObject({ problem: 'contains control or invisible characters', fix: 'give a name as plain text' });
  });
});

describe('a reason', () => {
  it('may be 1,000 characters long, in any script', () => {
    expect(v.reason(W, F, 'a'.repeat(1000))).toHaveLength(1000);
    expect(v.reason(W, F, 'می\u200cخواهم')).toBe('می\u200cخواهم');
    expect(v.reason(W, F, '👩\u200d💻 on call')).toBe('👩\u200d💻 on call');
  });

  it('must be there, readable and on one line', () => {
    expect(refusal(() => v.reason(W, F, ''))).toBe(told('""', 'is empty', 'give a reason in a few words, e.g. "API calls to the ledger"'));
    expect(rejected(() => v.reason(W, F, 'a'.repeat(1001))).problem).toBe('is 1001 characters long, the limit is 1000');
    for (const hidden of ['\n', '\u202e', '\u200b', '\u2028', '\u2029', '\ud800']) {
      expect(rejected(() => v.reason(W, F, `a${hidden}b`)).problem).toBe('contains control or invisible characters');
    }
  });
});

describe('a wildcard', () => {
  it.each(['*', 'a*', '*/exec', 'pods/*'])('%s is refused', value => {
    expect(refusal(() => v.noWildcard(W, F, value))).toBe(told(JSON.stringify(value), 'is a wildcard', 'list each one by its name'));
  });
  it('is not seen in what has none, nor in what is no text', () => {
    expect(v.noWildcard(W, F, 'pods')).toBe('pods');
    expect(v.noWildcard(W, F, undefined as any)).toBeUndefined();
    expect(v.noWildcard(W, F, ['*'] as any)).toEqual(['*']);
  });
});

describe('a DNS label', () => {
  const label = (value: any) => v.dnsLabel(W, F, value, 'a label');
  it.each(['a', '0', 'a1', 'oncall-debug', 'a--b', 'a'.repeat(63)])('%s is one', value => expect(label(value)).toBe(value));
  it.each(['A', 'a_b', 'a.b', '-a', 'a-', 'a/b', 'a:b', 'ä', 'a\u0131', 'аpp'])('%s is none', value => {
    expect(refusal(() => label(value))).toBe(told(JSON.stringify(value),
      'is not a DNS label (lower-case letters, digits and "-", beginning and ending with a letter or digit)', 'write a label'));
  });
  it('is refused, never shortened, beyond 63 characters', () => {
    expect(rejected(() => label('a'.repeat(64)))).toMatchObject({ problem: 'is 64 characters long, the limit is 63', fix: 'shorten it to 63 characters' });
  });
  it('is refused when empty or a wildcard', () => {
    expect(rejected(() => label(''))).toMatchObject({ problem: 'is empty', fix: 'give a label' });
    expect(rejected(() => label('*')).problem).toBe('is a wildcard');
  });
});

describe('a DNS subdomain', () => {
  const subdomain = (value: any) => v.dnsSubdomain(W, F, value, 'a subdomain');
  it.each(['a', 'a.b', 'ledger-0', '1.2.3', 'rbac.authorization.k8s.io', Array(127).fill('a').join('.')])('%s is one', value => expect(subdomain(value)).toBe(value));
  it.each(['A.b', 'a..b', '.a', 'a.', 'a.-b', 'a-.b', 'a_b', '-a', 'a-', 'a/b', 'a.b-'])('%s is none', value => {
    expect(refusal(() => subdomain(value))).toBe(told(JSON.stringify(value), 'is not a DNS subdomain (lower-case letters, digits, "-" and ".")', 'write a subdomain'));
  });
  it('is refused, never shortened, beyond 253 characters', () => {
    expect(subdomain('a'.repeat(253))).toHaveLength(253);
    expect(rejected(() => subdomain('a'.repeat(254))).problem).toBe('is 254 characters long, the limit is 253');
  });
  it('is refused when empty or a wildcard', () => {
    expect(rejected(() => subdomain(''))).toMatchObject({ problem: 'is empty', fix: 'give a subdomain' });
    expect(rejected(() => subdomain('*.a')).problem).toBe('is a wildcard');
  });
});

describe('a namespace', () => {
  it.each(['payments', 'kube', 'kubernetes', 'my-kube-system', 'openshifts', 'defaults', 'default-apps', 'a-openshift'])('%s is an application\'s', value => {
    expect(v.isSystemNamespace(value)).toBe(false);
    expect(v.namespaceName(W, F, value)).toBe(value);
  });
  it.each(['kube-system', 'kube-public', 'kube-node-lease', 'openshift', 'openshift-etcd', 'default'])('%s needs an opt-in', value => {
    expect(v.isSystemNamespace(value)).toBe(true);
    expect(refusal(() => v.namespaceName(W, F, value))).toBe(told(JSON.stringify(value), 'is a system namespace: what runs there can act on the whole cluster',
      'name an application namespace, or set allowSystemNamespaces: true if this is really meant'));
    expect(v.namespaceName(W, F, value, true)).toBe(value);
  });
  it.each(['', 'Payments', 'pay ments', '*', 'a'.repeat(64), 'a.b'])('%j is none, opt-in or not', value => {
    expect(() => v.namespaceName(W, F, value)).toThrow();
    expect(() => v.namespaceName(W, F, value, true)).toThrow();
  });
  it('says what one looks like', () => expect(rejected(() => v.namespaceName(W, F, '')).fix).toBe('give a namespace name such as "payments"'));
});

it('a Role name is a DNS label, so that it fits a label value too', () => {
  expect(v.objectName(W, F, 'oncall-debug')).toBe('oncall-debug');
  expect(rejected(() => v.objectName(W, F, 'system:node')).fix).toBe('write a name such as "oncall-debug"');
});

describe('a group', () => {
  it.each(['oncall-payments', 'jit:oncall:payments', 'CN=oncall,OU=groups', 'https://idp/groups/7', 'Größe', 'systems:x', 'my-system:masters', 'system', '9b1f-…'])(
    '%s may be named', value => expect(v.groupName(W, F, value)).toBe(value));
  it.each(['system:masters', 'system:authenticated', 'system:unauthenticated', 'system:serviceaccounts', 'system:nodes', 'SYSTEM:masters', 'System:Masters', 'system:'])(
    '%s may not', value => expect(refusal(() => v.groupName(W, F, value))).toBe(told(JSON.stringify(value),
      'is a Kubernetes system group, which stands for more than a team', 'name a group of your identity provider, such as "oncall-payments"')));
  it.each(['*', 'oncall-*', '', ' ', ' system:masters', 'system:masters\n', '\u200bsystem:masters', 'a'.repeat(254)])('%j may not', value => {
    expect(() => v.groupName(W, F, value)).toThrow();
  });
  it('says what one looks like', () => expect(rejected(() => v.groupName(W, F, '')).fix).toBe('give the name of an identity-provider group such as "oncall-payments"'));
});

describe('a list', () => {
  const seen: string[] = [];
  const check = (field: string, value: string) => {
    seen.push(`${field}=${value}`);
    return value;
  };
  it('is checked entry by entry, under the name of each', () => {
    expect(v.each(W, F, ['b', 'a'], 'thing', check)).toEqual(['b', 'a']);
    expect(seen).toEqual(['field[0]=b', 'field[1]=a']);
  });
  it('is refused when empty, or no list', () => {
    expect(refusal(() => v.each(W, F, [], 'thing', check))).toBe(told('[]', 'is empty', 'give at least one thing'));
    expect(refusal(() => v.each(W, F, 'a' as any, 'thing', check))).toBe(told('"a"', 'is empty', 'give at least one thing'));
  });
  it('is refused when an entry is repeated', () => {
    expect(refusal(() => v.each(W, F, ['a', 'b', 'a'], 'thing', check))).toBe('X: field[2] = "a" is listed twice. Fix: remove one of the two.');
  });
});

describe('a port', () => {
  it.each([1, 80, 65535])('%d is one', value => expect(v.port(W, F, value)).toBe(value));
  it.each([0, -1, 65536, 80.5, NaN, Infinity, '80', undefined, null, 80n] as any[])('%p is none', value => {
    expect(rejected(() => v.port(W, F, value))).toMatchObject({ value, problem: 'is not a port', fix: 'give an integer from 1 to 65535' });
  });
});

describe('the form of a CIDR block', () => {
  it.each(['0.0.0.0/0', '10.20.0.0/16', '10.1.2.3/32', '::/0', '2001:db8::/32', 'fd00::1/128', '::ffff:10.0.0.0/104'])('%s', value => expect(v.cidr(W, F, value)).toBe(value));
  it.each([
    '10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0.0/8/8', '10.0.0.0/1e1', '10.0.0.0/8 ', '10.0.0/8', '10.0.0.256/8', '010.0.0.0/8',
    '/8', 'a/8', '::/129', '2001:db8::/032', 'fe80::1%eth0/64', '10.0.0.0/0x8', '10.0.0.0/1000',
  ])('%s is refused', value => expect(() => v.cidr(W, F, value)).toThrow(/^X: field = /));
  it('says how to write it', () => expect(refusal(() => v.cidr(W, F, '10.0.0.0'))).toBe(told('"10.0.0.0"', 'is not a CIDR block', 'write address/prefix, e.g. "10.20.0.0/16" or "2001:db8::/32"')));
  it('is refused when empty or longer than any', () => {
    expect(rejected(() => v.cidr(W, F, '')).fix).toBe('give a CIDR block such as "10.20.0.0/16"');
    expect(rejected(() => v.cidr(W, F, '1'.repeat(65))).problem).toBe('is 65 characters long, the limit is 64');
  });
});

describe('a label key', () => {
  it.each(['app', 'a', 'A_b.C-d', 'app.kubernetes.io/name', `${'a'.repeat(253)}/${'b'.repeat(63)}`])('%s', value => expect(v.labelKey(W, F, value)).toBe(value));
  it.each(['-a', 'a-', 'a/', '/a', 'a/b/c', 'A.io/name', 'a..b/c', 'b'.repeat(64), `${'a'.repeat(254)}/b`, 'ä', 'a b'])('%s is refused', value => {
    expect(refusal(() => v.labelKey(W, F, value))).toContain(' is not a label key. Fix: write one such as "app" or "app.kubernetes.io/name".');
  });
  it('is refused when empty or a wildcard', () => {
    expect(rejected(() => v.labelKey(W, F, ''))).toMatchObject({ problem: 'is empty', fix: 'give a label key such as "app.kubernetes.io/name"' });
    expect(rejected(() => v.labelKey(W, F, '*')).problem).toBe('is a wildcard');
    expect(rejected(() => v.labelKey(W, F, 'a'.repeat(318))).problem).toBe('is 318 characters long, the limit is 317');
  });
});

describe('a label value', () => {
  it.each(['', 'a', 'A_b.C-d', 'b'.repeat(63)])('%j', value => expect(v.labelValue(W, F, value)).toBe(value));
  it.each(['-a', 'a-', 'a b', 'a/b', 'b'.repeat(64), 'ä', '*', 1, undefined] as any[])('%j is refused', value => {
    expect(rejected(() => v.labelValue(W, F, value))).toMatchObject({
      value, problem: 'is not a label value', fix: 'use at most 63 letters, digits, "-", "_" and ".", beginning and ending with a letter or digit',
    });
  });
});

describe('an image', () => {
  const image = (value: any) => v.pinnedImage(W, F, value);
  const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

  it.each([
    'busybox:1.37.0',
    'library/busybox:1.37.0',
    'docker.io/library/busybox:1.37.0',
    'localhost:5000/debug:v1',
    'registry.example.com:5000/team/a/b:v1_2.3-rc',
    'Registry.Example.com/tools:1',
    'my--registry.example.com/tools:1',
    '[2001:db8::1]:5000/tools:1',
    '[::1]/tools:1',
    'a__b/c--d/e.f/g_h:1',
    'a--b:1',
    `busybox@${digest}`,
    `busybox:latest@${digest}`,
    `registry.example.com:5000/tools:1@${digest}`,
    `busybox@sha512:${'0123456789abcdef'.repeat(8)}`,
    'busybox:latest-glibc',
    'latest:1',
    'latest/latest:latests',
    'busybox:_',
    `busybox:${'a'.repeat(128)}`,
    `${'a'.repeat(255)}:1`,
  ])('%s is pinned', value => expect(image(value)).toBe(value));

  it.each(['busybox', 'docker.io/library/busybox', 'localhost:5000/debug', 'registry.example.com:5000/team/debug'])('%s has no tag', value => {
    expect(refusal(() => image(value))).toBe(told(JSON.stringify(value), 'has no tag, so it means whatever was pushed last', 'add a version tag or a digest'));
  });

  it.each(['busybox:latest', 'docker.io/library/busybox:latest', 'localhost:5000/debug:latest'])('%s moves', value => {
    expect(refusal(() => image(value))).toBe(told(JSON.stringify(value), 'uses :latest, which means whatever was pushed last', 'add a version tag or a digest'));
  });

  it.each([
    'busybox:1:2',
    'busybox:',
    'busybox:1.37.0:latest',
    'busybox:-1',
    'busybox:.1',
    `busybox:${'a'.repeat(129)}`,
    'Busybox:1',
    'registry.example.com/Busybox:1',
    'registry.example.com:port/busybox:1',
    'registry.example.com:/busybox:1',
    'a_b:5000/busybox:1',
    '-a.example.com/busybox:1',
    'a-.example.com/busybox:1',
    'a..b/busybox:1',
    'a___b:1',
    'a.-b:1',
    '/busybox:1',
    'busybox/:1',
    'a//b:1',
    'https://registry.example.com/busybox:1',
    'busybox@sha256:abc',
    `busybox@${digest}0`,
    `busybox@${digest.toUpperCase()}`,
    `busybox@md5:${'0'.repeat(32)}`,
    `busybox@${digest}:1`,
    'busybox 1',
    '${IMAGE}:1',
    '$(reboot):1',
    ':1',
    `${'a'.repeat(256)}:1`,
  ])('%s is none', value => {
    expect(rejected(() => image(value))).toMatchObject({ problem: 'is not an image reference', fix: 'write registry/repository:tag or registry/repository@sha256:…' });
  });

  it('is refused when empty or too long', () => {
    expect(rejected(() => image(''))).toMatchObject({ problem: 'is empty', fix: 'give an image such as "docker.io/library/busybox:1.37.0"' });
    expect(rejected(() => image('a'.repeat(513))).problem).toBe('is 513 characters long, the limit is 512');
  });

  it('is judged without backtracking, however it is built: this ends', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('a', '-', '.', '_', '/', ':', '1', '@', 'a-'.repeat(60)), { maxLength: 60 }), parts => {
      try {
        image(parts.join(''));
      } catch { /* either way */ }
    }));
  });
});

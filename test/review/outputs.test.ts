import * as fc from 'fast-check';
import { Element, parse } from './markup';
import { account, bind, bindEverywhere, clusterRole, group, held, role, rule, user } from './rbac';
import { HOSTILE, SAMPLE } from './sample';
import { AccessMatrix, DebugCapability, SecureDebugWarnings } from '../../src';
import { printable, width, wrap } from '../../src/review/present';

const of = (...objects: any[]) => AccessMatrix.fromManifests(objects);
const sample = of(...SAMPLE);
const nobody = of();
const TITLES = DebugCapability.all().map(({ title }) => title);
const byName = (elements: Element[], name: string) => elements.filter(element => element.name === name);

/** Hostile text in every place that a manifest has for text. */
function infested(text: string): AccessMatrix {
  return of(
    role(text, text, rule('get', 'pods', '', text), rule('create', 'pods/exec'), { apiGroups: [text], resources: [text], verbs: [text], resourceNames: [text] }),
    bind(text, text, text, group(text), user(text), account(text, text), { kind: text, name: text }),
    clusterRole(text, { nonResourceURLs: [text], verbs: [text] }, rule('get', 'secrets', '', text), rule('update', 'widgets', 'example.com', text)),
    bindEverywhere(text, text, group(text)),
    bind(text, `${text}2`, `ClusterRole${' '}missing${text}`, user('alice')),
    role(text, text, rule('list', 'pods')),
  );
}
const texts = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), fc.array(fc.constantFrom(...HOSTILE), { minLength: 1, maxLength: 4 }).map(parts => parts.join('')));

/** Each hostile text by itself, then others. */
const RUNS = { examples: HOSTILE.map((text): [string] => [text]), numRuns: HOSTILE.length + 20 };

describe('text', () => {
  it('tells who may do what where, then the details, then what to look at', () => {
    expect(sample.toText()).toBe(`\
Who may do what, where                                   read workloads
                                                         │ read events
                                                         │ │ read logs
                                                         │ │ │ read config maps
                                                         │ │ │ │ read pod metrics
                                                         │ │ │ │ │ exec
                                                         │ │ │ │ │ │ attach
                                                         │ │ │ │ │ │ │ port-forward
                                                         │ │ │ │ │ │ │ │ debug containers
                                                         │ │ │ │ │ │ │ │ │ copy pods
                                                         │ │ │ │ │ │ │ │ │ │ debug nodes
                                                         │ │ │ │ │ │ │ │ │ │ │ read nodes
                                                         │ │ │ │ │ │ │ │ │ │ │ │ read namespaces
                                                         │ │ │ │ │ │ │ │ │ │ │ │ │ read node metrics
  Group admins                   whole cluster           ● ● ■ ■ ● ◆ ◆ ◆ ◆ ▲ ▲ ● ● ●
  Group oncall-payments          ledger                  · · □ · · ! · · · · ·
                                 payments                ○ · ■ · · ◆ · · · · ·
  User alice@example.com         payments                ? ? ? ? ? ? ? ? ? ? ?
  ServiceAccount                 continuous-             · · · · · · · · · △ ·
  continuous-integration/a-      integration-and-
  deployer-with-a-long-name      delivery

  danger: ● low  ■ medium  ◆ high  ▲ critical
  hollow: only in part   !: incomplete   ·: no   ?: unknown   blank: cluster only

In detail
  Group admins in the whole cluster
    beyond these  any verb on everything
    granted by    ClusterRoleBinding break-glass → ClusterRole cluster-admin
  Group oncall-payments in ledger
    only in part  read logs: only ledger-0, ledger-1
    incomplete    exec lacks get pods, pods/exec; it has create pods/exec
    granted by    RoleBinding ledger/debug → Role debug
  Group oncall-payments in payments
    only in part  read workloads: only get, list pods
    granted by    RoleBinding payments/debug → Role debug
  User alice@example.com in payments
    granted by    RoleBinding payments/viewer → ClusterRole view
  ServiceAccount continuous-integration/a-deployer-with-a-long-name in
  continuous-integration-and-delivery
    only in part  copy pods: only create pods
    beyond these  delete pods; get secrets
    granted by    RoleBinding continuous-integration-and-delivery/deployer → Role deployer

Look at
  SD5001 Everything is granted: Group admins, whole cluster: any verb on everything
         (ClusterRoleBinding break-glass → ClusterRole cluster-admin)
  SD5003 Secrets can be read: ServiceAccount continuous-integration/a-deployer-with-a-long-name,
         continuous-integration-and-delivery: get secrets (RoleBinding
         continuous-integration-and-delivery/deployer → Role deployer)
  SD5007 Pods can be created: ServiceAccount continuous-integration/a-deployer-with-a-long-name,
         continuous-integration-and-delivery: create pods (RoleBinding
         continuous-integration-and-delivery/deployer → Role deployer)
  SD5008 A capability is incomplete: Group oncall-payments, ledger: exec lacks get pods, pods/exec;
         it has create pods/exec (RoleBinding ledger/debug → Role debug)
  SD5009 A bound role is unknown: ClusterRole view is not among the manifests (RoleBinding
         payments/viewer)
  SD5016 A person is bound by name: User alice@example.com, payments: User alice@example.com
         (RoleBinding payments/viewer → ClusterRole view)
`);
  });

  it('capabilities limited alike stand in one line, several bindings below each other', () => {
    const one = rule('get', 'pods', '', 'a');
    const matrix = of(...held(one, rule('get,create', 'pods/exec,pods/attach', '', 'a')), bind('payments', 'c', 'r', group('oncall')));
    expect(matrix.toText()).toContain(`\
  Group oncall in payments
    only in part  exec, attach: only a
    granted by    RoleBinding payments/b → Role r
                  RoleBinding payments/c → Role r
`);
  });

  it('short names leave room for the heading, and marks stand below their titles', () => {
    const lines = of(role('a', 'r', rule('get,list,watch', 'configmaps')), bind('a', 'b', 'r', group('b'))).toText().split('\n');
    const title = lines.findIndex(line => line.endsWith('read config maps'));
    expect(lines[0]).toBe('Who may do what, where         read workloads');
    expect(lines.find(line => line.startsWith('  Group b'))!.indexOf('■')).toBe(lines[title].indexOf('read config maps'));
  });

  it('critical ones and those for the cluster only have their marks too', () => {
    const text = of(bindEverywhere('x', 'r', group('g')), clusterRole('r', rule('create', 'pods'), rule('get', 'nodes'))).toText();
    expect(text).toContain('whole cluster  · · · · · · · · · △ · ○ · ·\n');
  });

  it('nobody', () => {
    expect(nobody.toText()).toBe('Who may do what, where\n\n  Nobody is granted anything.\n');
    expect(of(bind('payments', 'b', 'gone')).toText()).toBe(
      'Who may do what, where\n\n  Nobody is granted anything.\n\nLook at\n  SD5009 A bound role is unknown: Role gone is not among the manifests (RoleBinding payments/b)\n');
  });

  it('never wider than 100 columns, with nothing in it that a terminal would obey, whatever the names', () => {
    fc.assert(fc.property(texts, text => {
      const lines = infested(text).toText().split('\n');
      expect(Math.max(...lines.map(width))).toBeLessThanOrEqual(100);
      for (const line of lines) expect(printable(line)).toBe(line);
    }), RUNS);
  });

  it('nothing is cut off: a long name is there in all its parts', () => {
    const name = Array.from({ length: 253 }, (_, i) => 'abcdefghij'[i % 10]).join('');
    const text = of(...held(), bind('payments', 'x', 'r', group(name))).toText();
    expect(text.replace(/\s/g, '')).toContain(name);
  });
});

describe('wrap, width and printable', () => {
  it.each([
    ['a b c', 3, ['a b', 'c']], ['', 5, ['']], ['abcdef', 3, ['abc', 'def']], ['ab-cd-ef', 6, ['ab-cd-', 'ef']], ['a/b', 10, ['a/b']],
    ['x abcdefgh', 4, ['x', 'abcd', 'efgh']], ['ab/cdefghijk', 5, ['ab/', 'cdefg', 'hijk']], ['日本語', 4, ['日本', '語']], ['a  b', 10, ['a  b']], ['abc def', 7, ['abc def']],
    ['one:two@three.four,five', 8, ['one:two@', 'three.', 'four,', 'five']], ['---', 2, ['--', '-']],
  ])('%j in %d columns', (text, max, lines) => {
    expect(wrap(text, max)).toEqual(lines);
  });

  it('no line is too wide, and all of the text is there', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', 'b', ' ', '-', '/', '日', '🙂') }), fc.integer({ min: 2, max: 30 }), (text, max) => {
      const lines = wrap(text, max);
      expect(Math.max(...lines.map(width))).toBeLessThanOrEqual(max);
      expect(lines.join('').replace(/ /g, '')).toBe(text.replace(/ /g, ''));
    }));
  });

  it.each([['abc', 3], ['日本', 4], ['한국', 4], ['ｆｕｌｌ', 8], ['🙂', 2], ['é', 1], ['→●◆', 3]])('%s takes %d columns', (text, columns) => {
    expect(width(text)).toBe(columns);
  });

  it.each([
    ['a\nb', 'a\\u000ab'], ['\u001b[31m', '\\u001b[31m'], ['\u202e', '\\u202e'], ['\u200b', '\\u200b'], ['\u{e0041}', '\\ue0041'], ['\ud800', '\\ud800'], ['\u00a0', '\\u00a0'], ['\ufffe', '\\ufffe'],
    ['plain text, ünïcode 日本 🙂', 'plain text, ünïcode 日本 🙂'],
  ])('%j is shown as %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('names that differ look different', () => {
    expect(printable('oncall')).not.toBe(printable('on\u200bcall'));
  });
});

describe('Markdown', () => {
  it('is a table of who, where and what, and one of what to look at', () => {
    expect(sample.toMarkdown()).toBe(`\
## Who may do what, where

| Who | Where | May | Rights beyond | Granted by |
| --- | --- | --- | --- | --- |
| Group \`admins\` | **whole cluster** | read workloads, read events, read logs, read config maps, read pod metrics, **exec**, **attach**, **port-forward**, **debug containers**, **copy pods**, **debug nodes**, read nodes, read namespaces, read node metrics | \`any verb on everything\` | \`ClusterRoleBinding break-glass → ClusterRole cluster-admin\` |
| Group \`oncall-payments\` | \`ledger\` | read logs: only \`ledger-0, ledger-1\`<br>⚠ **exec** is incomplete: it has \`create pods/exec\`, lacks \`get pods, pods/exec\` | – | \`RoleBinding ledger/debug → Role debug\` |
| Group \`oncall-payments\` | \`payments\` | read logs, **exec**<br>read workloads: only \`get, list pods\` | – | \`RoleBinding payments/debug → Role debug\` |
| User \`alice@example.com\` | \`payments\` | ⚠ unknown: a role is not among the manifests | – | \`RoleBinding payments/viewer → ClusterRole view\` |
| ServiceAccount \`continuous-integration/a-deployer-with-a-long-name\` | \`continuous-integration-and-delivery\` | **copy pods**: only \`create pods\` | \`delete pods\`<br>\`get secrets\` | \`RoleBinding continuous-integration-and-delivery/deployer → Role deployer\` |

Bold: acts inside containers, or takes over more than that.

### Look at

| Rule | What | Who | Where | Detail | From |
| --- | --- | --- | --- | --- | --- |
| SD5001 | Everything is granted | \`Group admins\` | \`whole cluster\` | \`any verb on everything\` | \`ClusterRoleBinding break-glass → ClusterRole cluster-admin\` |
| SD5003 | Secrets can be read | \`ServiceAccount continuous-integration/a-deployer-with-a-long-name\` | \`continuous-integration-and-delivery\` | \`get secrets\` | \`RoleBinding continuous-integration-and-delivery/deployer → Role deployer\` |
| SD5007 | Pods can be created | \`ServiceAccount continuous-integration/a-deployer-with-a-long-name\` | \`continuous-integration-and-delivery\` | \`create pods\` | \`RoleBinding continuous-integration-and-delivery/deployer → Role deployer\` |
| SD5008 | A capability is incomplete | \`Group oncall-payments\` | \`ledger\` | \`exec lacks get pods, pods/exec; it has create pods/exec\` | \`RoleBinding ledger/debug → Role debug\` |
| SD5009 | A bound role is unknown | – | – | \`ClusterRole view is not among the manifests\` | \`RoleBinding payments/viewer\` |
| SD5016 | A person is bound by name | \`User alice@example.com\` | \`payments\` | \`User alice@example.com\` | \`RoleBinding payments/viewer → ClusterRole view\` |
`);
  });

  it('nobody, and nothing at all', () => {
    expect(nobody.toMarkdown()).toBe('## Who may do what, where\n\nNobody is granted anything.\n');
    const [row] = of(...held(rule('get', 'pods', '', 'a'), rule('get', 'pods/exec'), rule('create', 'pods/exec', '', 'a'))).toMarkdown().split('\n').filter(line => line.startsWith('| Group'));
    expect(row).toContain('⚠ **exec** is incomplete: it has `create pods/exec named a; get pods/exec`, lacks `create pods/exec; get pods`, complete only for `a`');
    expect(of(...held()).toMarkdown()).toContain('| Group `oncall` | `payments` | – | – | `RoleBinding payments/b → Role r` |');
  });

  it.each([
    ['a|b', '<code>a&#124;b</code>'], ['a\\|b', '<code>a&#92;&#124;b</code>'], ['`x`', '<code>&#96;x&#96;</code>'], ['<b>', '<code>&#60;b&#62;</code>'], ['**x**', '<code>&#42;&#42;x&#42;&#42;</code>'],
    [' x', '<code> x</code>'], ['_x', '<code>&#95;x</code>'], ['jit:oncall:payments', '`jit:oncall:payments`'], ['a@b.c', '`a@b.c`'], ['日本', '<code>日本</code>'], ['a\nb', '<code>a&#92;u000ab</code>'],
  ])('the group %j is written %s', (name, written) => {
    expect(of(...held(), bind('payments', 'x', 'r', group(name))).toMarkdown()).toContain(`| Group ${written} |`);
  });

  it('whatever the names, a row has its cells, and what others wrote stands in code', () => {
    fc.assert(fc.property(texts, text => {
      const matrix = infested(text);
      const lines = matrix.toMarkdown().split('\n');
      for (const line of lines) expect(printable(line)).toBe(line);
      // Cells end at a pipe that no backslash precedes; there is no backslash at all.
      expect(lines.join('')).not.toContain('\\');
      const rows = lines.filter(line => line.startsWith('|'));
      expect(rows.map(line => line.split('|').length).filter(cells => cells !== 7 && cells !== 8)).toEqual([]);
      expect(rows.filter(line => line.split('|').length === 7)).toHaveLength(matrix.rows.length + 2);
      expect(rows.filter(line => line.split('|').length === 8)).toHaveLength(matrix.findings.length + 2);
      // Without what is in code, only the words of this library are left.
      const rest = lines.join('\n').replace(/`[^`]*`|<code>[^<]*<\/code>|<br>/g, '');
      expect(rest.replace(/[A-Za-z0-9 |\n:,.*#⚠–-]/g, '')).toBe('');
    }), RUNS);
  });
});

describe.each([['SVG', () => sample.toSvg(), (m: AccessMatrix) => m.toSvg()], ['HTML', () => sample.toHtml(), (m: AccessMatrix) => m.toHtml()]])('%s', (_, ofSample, render) => {
  it('is well-formed and stands alone: no script, nothing to load, no handler', () => {
    const elements = parse(ofSample());
    expect(byName(elements, 'script')).toEqual([]);
    for (const { name, attributes } of elements) {
      expect(['link', 'iframe', 'object', 'img', 'image', 'foreignObject', 'use', 'a']).not.toContain(name);
      expect(Object.keys(attributes).filter(key => /^(on|href|src|xlink:)/i.test(key))).toEqual([]);
    }
    expect(ofSample().replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|@import/);
  });

  it('is readable in light and dark: every colour has both', () => {
    const [style] = byName(parse(ofSample()), 'style');
    expect(style.text).toContain('prefers-color-scheme:dark');
    for (const colour of ['paper', 'ink', 'faint', 'line', 'band', 'low', 'medium', 'high', 'critical']) expect(style.text).toMatch(new RegExp(`\\.f-${colour}\\{fill:`));
  });

  it('whatever the names, it stays well-formed, keeps its elements, and shows each name in full', () => {
    fc.assert(fc.property(texts, text => {
      const [evil, plain] = [infested(text), infested('plain')].map(matrix => parse(render(matrix)));
      expect(new Set(evil.map(({ name }) => name))).toEqual(new Set(plain.map(({ name }) => name)));
      expect(evil.flatMap(({ attributes }) => Object.keys(attributes)).filter(key => /^on/i.test(key))).toEqual([]);
      for (const element of evil) expect(printable(element.text.replace(/\n/g, ''))).toBe(element.text.replace(/\n/g, ''));
      expect(evil.map(element => element.text).join('').replace(/\s/g, '')).toContain(printable(text).replace(/\s/g, ''));
    }), RUNS);
  });

  it('nobody', () => {
    expect(parse(render(nobody)).some(({ text }) => text === 'Nobody is granted anything.')).toBe(true);
    expect(parse(render(nobody)).some(({ text }) => text === 'Look at')).toBe(false);
  });
});

describe('SVG', () => {
  const elements = parse(sample.toSvg());
  const [svg] = elements;
  const shapes = (danger: string, filled: boolean) => elements.filter(({ name, attributes }) => name === 'path' && attributes.class === `${filled ? 'f' : 's'}-${danger}`).length;

  it('has a size, a title and a description that says the same in words', () => {
    expect(svg.attributes).toMatchObject({ 'viewBox': `0 0 ${svg.attributes.width} ${svg.attributes.height}`, 'role': 'img', 'aria-labelledby': 'matrix-title matrix-desc' });
    const [title, desc] = ['title', 'desc'].map(name => byName(elements, name)[0]);
    expect([title.attributes.id, title.text]).toEqual(['matrix-title', 'Who may do what, where']);
    expect(desc.attributes.id).toBe('matrix-desc');
    expect(desc.text).toBe([
      'Group admins, whole cluster: read workloads, read events, read logs, read config maps, read pod metrics, exec, attach, port-forward, debug containers, copy pods, debug nodes, read nodes, read namespaces, read node metrics.',
      'Group oncall-payments, ledger: read logs (only in part), exec (incomplete).',
      'Group oncall-payments, payments: read workloads (only in part), read logs, exec.',
      'User alice@example.com, payments: what an unknown role grants.',
      'ServiceAccount continuous-integration/a-deployer-with-a-long-name, continuous-integration-and-delivery: copy pods (only in part).',
    ].join(' '));
    expect(byName(parse(nobody.toSvg()), 'desc')[0].text).toBe('Nobody is granted anything.');
    expect(byName(parse(of(...held(rule('delete', 'pods'))).toSvg()), 'desc')[0].text).toBe('Group oncall, payments: none of the debug capabilities.');
  });

  it('has a column for each capability, a mark for each cell, and a shape for each danger', () => {
    expect(elements.filter(({ attributes }) => attributes.transform?.endsWith('rotate(-45)')).map(({ text }) => text)).toEqual(TITLES);
    // Beside the cells, the legend has each danger once, and high also hollow and incomplete.
    expect(['low', 'medium', 'high', 'critical'].map(danger => shapes(danger, true))).toEqual([6 + 1, 2 + 1 + 1, 4 + 1 + 1 + 2, 2 + 1]);
    expect(['low', 'medium', 'high', 'critical'].map(danger => shapes(danger, false))).toEqual([1, 1, 1, 1]);
    const marks = byName(elements, 'text').map(({ text }) => text);
    expect(marks.filter(text => text === '!')).toHaveLength(1 + 1);
    expect(marks.filter(text => text === '?')).toHaveLength(11 + 1);
    // No: of the 70 cells, 14 + 2 + 3 + 11 + 1 say something else, and 4 rows do not speak of the 3 for the cluster.
    expect(byName(elements, 'circle')).toHaveLength(70 - 31 - 12 + 1);
  });

  it('writes who only once, the whole cluster in bold, and what to look at beside the marks', () => {
    const text = byName(elements, 'text');
    expect(text.filter(one => one.text === 'oncall-payments')).toHaveLength(1);
    expect(text.filter(one => one.text === 'Group')).toHaveLength(2);
    expect(text.find(one => one.text === 'whole cluster')!.attributes['font-weight']).toBe('600');
    expect(text.find(one => one.text === 'ledger')!.attributes['font-weight']).toBeUndefined();
    const beside = (what: string) => text.find(one => one.text === what)!.attributes.class;
    expect([beside('Everything is granted'), beside('Secrets can be read'), beside('Pods can be created'), beside('A capability is incomplete'), beside('+ delete pods; get secrets')])
      .toEqual(['f-critical', 'f-critical', 'f-critical', 'f-high', 'f-faint']);
    expect(text.some(one => one.text.includes('any verb on everything'))).toBe(false);
  });

  it('many rights beyond are told to be there, and a rule stands once beside its row', () => {
    const many = parse(of(...held(rule('create,update', 'pods/exec,pods/attach,services,configmaps,secrets,leases'))).toSvg()).map(({ text }) => text);
    expect(many).toContain('+ rights beyond these');
    expect(many.filter(text => text === 'A capability is incomplete')).toHaveLength(1);
  });

  it('is narrower when there is nothing to look at, and nothing reaches out of the picture', () => {
    const [plain] = parse(of(...held(rule('get,list,watch', 'configmaps'))).toSvg());
    expect(Number(plain.attributes.width)).toBeLessThan(Number(svg.attributes.width));
    const long = parse(of(role('n'.repeat(63), 'r'), bind('n'.repeat(63), 'b', 'r', group('g'.repeat(253)))).toSvg());
    const [, height] = [long[0].attributes.width, long[0].attributes.height].map(Number);
    const ys = byName(long, 'text').filter(({ attributes }) => attributes.y && !attributes['text-anchor']).map(({ attributes }) => Number(attributes.y));
    expect(Math.max(...ys)).toBeLessThan(height);
    expect(byName(long, 'text').filter(({ text }) => /^g+$/.test(text)).map(({ text }) => text.length)).toEqual([...Array(11).fill(22), 11]);
    expect(byName(long, 'text').filter(({ text }) => /^n+$/.test(text)).map(({ text }) => text.length)).toEqual([17, 17, 17, 12]);
  });
});

describe('HTML', () => {
  const elements = parse(sample.toHtml());

  it('forbids by its own policy to load or run anything', () => {
    expect(elements.find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy')!.attributes.content).toBe("default-src 'none'; style-src 'unsafe-inline'");
  });

  it('has headings for rows and columns, and words for what eyes see as marks', () => {
    expect(byName(elements, 'html')[0].attributes.lang).toBe('en');
    expect(byName(elements, 'h1').map(({ text }) => text)).toEqual(['Who may do what, where']);
    expect(byName(elements, 'h2').map(({ text }) => text)).toEqual(['By which objects', 'Look at']);
    expect(elements.filter(({ attributes }) => attributes.class?.startsWith('what ')).map(({ text }) => text)).toEqual(TITLES);
    expect(byName(elements, 'th').filter(({ attributes }) => !attributes.scope)).toEqual([]);
    const cells = elements.filter(({ name, attributes }) => name === 'td' && attributes.class === 'what');
    expect(cells).toHaveLength(5 * TITLES.length);
    expect(cells[0].attributes.title).toBe('read workloads: yes');
    expect(cells.slice(14, 28).map(({ attributes }) => attributes.title)).toEqual([
      'read workloads: no', 'read events: no', 'read logs: only ledger-0, ledger-1', 'read config maps: no', 'read pod metrics: no',
      'exec lacks get pods, pods/exec; it has create pods/exec', 'attach: no', 'port-forward: no', 'debug containers: no', 'copy pods: no', 'debug nodes: no',
      'read nodes: only for the whole cluster', 'read namespaces: only for the whole cluster', 'read node metrics: only for the whole cluster',
    ]);
    expect(cells[42].attributes.title).toBe('read workloads: unknown');
    for (const { text, attributes } of cells) expect(text.replace(/^[!?]/, '')).toBe(attributes.title);
    expect(byName(elements, 'svg').filter(({ attributes }) => attributes['aria-hidden'] !== 'true')).toEqual([]);
  });

  it('names the commands of a capability at its head', () => {
    expect(elements.find(({ text, attributes }) => text === 'exec' && attributes.title)!.attributes.title).toBe('kubectl exec, kubectl cp; danger: high');
  });

  it('who is written once for rows that follow each other, and still there for those who listen', () => {
    const again = elements.filter(({ name, attributes }) => name === 'th' && attributes.class === 'again');
    expect(again.map(({ text }) => text)).toEqual(['oncall-paymentsGroup', 'oncall-paymentsGroup']);
    const hidden = elements.filter(({ name, attributes, path }) => name === 'span' && attributes.class === 'unseen' && path.includes('th'));
    expect(hidden).toHaveLength(2);
  });

  it('tells the details: parts, rights beyond, and which objects', () => {
    const rows = byName(elements, 'tr').map(({ text }) => text);
    expect(rows).toContain('ledger'.replace(/^/, 'oncall-paymentsGroup') + 'read logs: only ledger-0, ledger-1exec lacks get pods, pods/exec; it has create pods/exec–RoleBinding ledger/debug → Role debug');
    expect(rows).toContain('adminsGroupwhole cluster–any verb on everythingClusterRoleBinding break-glass → ClusterRole cluster-admin');
  });

  it('says why each finding matters, and what to do', () => {
    const rule5003 = SecureDebugWarnings.rules().find(({ id }) => id === 'SD5003')!;
    const row = byName(elements, 'tr').find(({ text }) => text.startsWith('SD5003'))!;
    expect(row.text).toContain(`${rule5003.why}${rule5003.fix}`);
    expect(row.text).toContain('continuous-integration-and-delivery');
    expect(byName(elements, 'tr').find(({ text }) => text.startsWith('SD5009'))!.text).toContain('Role' + ' view is not among the manifestsRoleBinding payments/viewer–');
  });

  it('marks rows that need a look, in a column that is there only when one does', () => {
    const head = (matrix: AccessMatrix) => byName(parse(matrix.toHtml()), 'tr')[0].text;
    expect(head(sample)).toMatch(/^WhoWhere.*Look at$/);
    expect(head(of(...held(rule('get', 'configmaps'))))).not.toContain('Look at');
    const marks = elements.filter(({ attributes, path }) => /-text$/.test(attributes.class ?? '') && path.includes('td')).map(({ text, attributes }) => [attributes.class, text]);
    expect(marks).toEqual([
      ['critical-text', 'Everything is granted'], ['high-text', 'A capability is incomplete'], ['high-text', 'A person is bound by name'], ['critical-text', 'Secrets can be read'], ['critical-text', 'Pods can be created'],
      ['high-text', 'exec lacks get pods, pods/exec; it has create pods/exec'],
    ]);
  });

  it('prints on paper in light colours, rows unbroken', () => {
    const [style] = byName(elements, 'style');
    expect(style.text).toContain('@media screen and (prefers-color-scheme:dark)');
    expect(style.text).toMatch(/@media print\{.*break-inside:avoid/);
  });
});

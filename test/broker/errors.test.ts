import { Duration } from 'cdk8s';
import { BrokerPolicy, BrokerPolicyProps, Command, CommandSet, DebugCapability, DebugImage, GuardrailMode } from '../../src';
import { refusal } from '../private/refusal';

const TEAM = { name: 'payments', namespaces: ['payments'], onCall: ['oncall'] };
const DIAGNOSTICS = { builtIn: 'diagnostics' };
const IMAGE = { name: 'tools', repository: 'docker.io/library/busybox', tags: ['1.36'], commandSets: [DIAGNOSTICS] };
const ASK = { requesters: ['developers'], approvers: ['leads'] };

/** A file as people write it: two blanks, every value in a line of its own. */
const fileOf = (document: object) => JSON.stringify({ apiVersion: 'secure-debug.internal/v1', kind: 'BrokerPolicy', teams: [TEAM], ...document }, null, 2);
const team = (props: object) => ({ teams: [{ ...TEAM, ...props }] });
const request = (props: object) => team({ requests: [{ ...ASK, ...props }] });

/** What is told, and the text that stands at the place that is told. */
function told(document: object, source = fileOf(document)): [string, string] {
  const message = refusal(() => BrokerPolicy.fromJson(source, 'broker.json'));
  const [, line, column, rest] = /^broker\.json:(\d+):(\d+): ([^]*)$/.exec(message)!;
  return [rest, source.split('\n')[Number(line) - 1].slice(Number(column) - 1).replace(/,$/, '')];
}

describe('what the schema does not let pass', () => {
  const names = 'name, namespaces, onCall, capabilities, resourceNames, commandSets, attach, portForward, proxy, debugImages, copies, nodes, requests, breakGlass, allowSystemNamespaces';
  it.each<[object, string, string]>([
    [{ apiVersion: 'v2' }, 'apiVersion = "v2" is not "secure-debug.internal/v1". Fix: write "secure-debug.internal/v1".', '"v2"'],
    [{ apiVersion: undefined }, 'apiVersion = undefined is missing. Fix: add it as "secure-debug.internal/v1".', '{'],
    [{ kind: 'Policy' }, 'kind = "Policy" is not "BrokerPolicy". Fix: write "BrokerPolicy".', '"Policy"'],
    [{ mode: 'deny' }, 'mode = "deny" is not a mode. Fix: did you mean "Deny"? If not, use one of "Audit", "Deny".', '"deny"'],
    [{ mode: 'Warn' }, 'mode = "Warn" is not a mode. Fix: use one of "Audit", "Deny".', '"Warn"'],
    [{ mode: 1 }, 'mode = 1 is not a mode. Fix: write it in double quotes.', '1'],
    [{ teams: [] }, 'teams = [] is empty. Fix: give at least one entry.', '[]'],
    [{ teams: {} }, 'teams = {} is not a list. Fix: write […].', '{}'],
    [{ teams: undefined }, 'teams = undefined is missing. Fix: add it: a list.', '{'],
    [{ team: [TEAM] }, expect.stringMatching(/^team = .* is no key that is known here\. Fix: did you mean "teams"\? If not, remove it; there are /) as any, '"team": ['],
    [team({ namespace: 'x' }), `teams[0].namespace = "x" is no key that is known here. Fix: did you mean "namespaces"? If not, remove it; there are ${names}.`, '"namespace": "x"'],
    [team({ namespaces: undefined, Namespaces: ['x'] }), `teams[0].Namespaces = ["x"] is no key that is known here. Fix: did you mean "namespaces"? If not, remove it; there are ${names}.`, '"Namespaces": ['],
    [team({ color: 'red' }), `teams[0].color = "red" is no key that is known here. Fix: remove it; there are ${names}.`, '"color": "red"'],
    [team({ onCall: 'oncall' }), 'teams[0].onCall = "oncall" is not a list. Fix: write […].', '"oncall"'],
    [team({ onCall: [1] }), 'teams[0].onCall[0] = 1 is not the name of a group. Fix: write it as "oncall-payments".', '1'],
    [team({ onCall: ['a', 'a'] }), 'teams[0].onCall[1] = "a" is listed twice. Fix: remove one of the two.', '"a"'],
    [team({ onCall: [''] }), 'teams[0].onCall[0] = "" is empty. Fix: write it as "oncall-payments".', '""'],
    [team({ name: 'Payments' }), 'teams[0].name = "Payments" is not a name of lower-case letters, digits and "-", at most 63 of them. Fix: write it as "payments".', '"Payments"'],
    [team({ portForward: 'yes' }), 'teams[0].portForward = "yes" is not true or false. Fix: write true or false, without quotes.', '"yes"'],
    [team({ attach: 'all' }), 'teams[0].attach = "all" is not a scope of attach. Fix: use one of "none", "debug-containers", "any".', '"all"'],
    [team({ capabilities: ['exce'] }), expect.stringMatching(/^teams\[0\]\.capabilities\[0\] = "exce" is not a capability\. Fix: did you mean "exec"\? If not, use one of "read-workloads", /) as any, '"exce"'],
    [team({ capabilities: ['read-nodes'] }), expect.stringMatching(/^teams\[0\]\.capabilities\[0\] = "read-nodes" is not a capability\. Fix: use one of /) as any, '"read-nodes"'],
    [team({ requests: [{ approvers: ['a'] }] }), 'teams[0].requests[0].requesters = undefined is missing. Fix: add it: a list.', '{'],
    [request({ maxDuration: '3 days' }), 'teams[0].requests[0].maxDuration = "3 days" is not a duration. Fix: write it as "30m" or "1h".', '"3 days"'],
    [request({ maxDuration: 60 }), 'teams[0].requests[0].maxDuration = 60 is not a duration. Fix: write it as "30m" or "1h".', '60'],
    [request({ maxDuration: '' }), 'teams[0].requests[0].maxDuration = "" is not a duration. Fix: write it as "30m" or "1h".', '""'],
    [request({ approvals: 0 }), 'teams[0].requests[0].approvals = 0 is not from 1 to 5. Fix: give a whole number from 1 to 5.', '0'],
    [request({ approvals: 1.5 }), 'teams[0].requests[0].approvals = 1.5 is not a whole number. Fix: write digits without quotes.', '1.5'],
    [request({ quorum: [{ group: 'leads' }] }), 'teams[0].requests[0].quorum[0].approvals = undefined is missing. Fix: add it: a whole number.', '{'],
    [request({ ticketPattern: 'x'.repeat(201) }), expect.stringMatching(/is 201 characters long, the limit is 200\. Fix: shorten it to 200 characters\.$/) as any, `"${'x'.repeat(201)}"`],
    [{ commandSets: ['diagnostics'] }, 'commandSets[0] = "diagnostics" is not a command set. Fix: write it as {"builtIn":"diagnostics"}.', '"diagnostics"'],
    [{ commandSets: [{ builtIn: 'diagnostic' }] }, 'commandSets[0].builtIn = "diagnostic" is not a command set of the library. Fix: did you mean "diagnostics"? If not, use one of "diagnostics", "shell".', '"diagnostic"'],
    [{ commandSets: [{ builtIn: 'shell', tty: true }] }, 'commandSets[0].tty = true is no key that is known here. Fix: remove it; there are builtIn.', '"tty": true'],
    [{ commandSets: [{ builtIn: { copyfrom: '/x' } }] }, 'commandSets[0].builtIn.copyfrom = "/x" is no key that is known here. Fix: did you mean "copyFrom"? If not, remove it; there are copyFrom, name.', '"copyfrom": "/x"'],
    [{ commandSets: [{ name: 'x', commands: [] }] }, 'commandSets[0].commands = [] is empty. Fix: give at least one entry.', '[]'],
    [{ commandSets: [{ name: 'x', commands: [['ls']] }] }, 'commandSets[0].commands[0] = ["ls"] is not a command. Fix: write it as {"argv":["ls","-l"]}.', '['],
    [{ commandSets: [{ name: 'x', commands: [{ argv: 'ls -l' }] }] }, 'commandSets[0].commands[0].argv = "ls -l" is not a list. Fix: write it as ["ls","-l"].', '"ls -l"'],
    [{ commandSets: [{ name: 'x', commands: [{ argv: ['ls'], arguments: [{ optional: true }] }] }] }, 'commandSets[0].commands[0].arguments[0] = {"optional":true} says none of pathBelow, oneOf, word, number, path. Fix: say one of them, and one only.', '{'],
    [{ commandSets: [{ name: 'x', commands: [{ argv: ['ls'], arguments: [{ word: true, path: true }] }] }] }, 'commandSets[0].commands[0].arguments[0] = {"word":true,"path":true} says word and path. Fix: say one of them, and one only.', '{'],
    [{ commandSets: [{ name: 'x', commands: [{ argv: ['ls'], arguments: [{ word: false }] }] }] }, 'commandSets[0].commands[0].arguments[0].word = false is not true. Fix: write true.', 'false'],
    [{ commandSets: Array(25).fill(DIAGNOSTICS) }, expect.stringMatching(/ has 25 entries, 24 at most are allowed\. Fix: leave some out\.$/) as any, '['],
    [{ debugImages: [{ ...IMAGE, commandSets: ['Mine'] }] }, 'debugImages[0].commandSets[0] = "Mine" is not a name of lower-case letters, digits and "-", at most 63 of them. Fix: write it as "payments".', '"Mine"'],
    [{ debugImages: [{ ...IMAGE, commandSets: [1] }] }, 'debugImages[0].commandSets[0] = 1 is not a command set or the name of one. Fix: write it as "diagnostics".', '1'],
    [{ debugImages: [{ ...IMAGE, digests: ['sha256:1'] }] }, expect.stringMatching(/^debugImages\[0\]\.digests\[0\] = "sha256:1" is not a digest\. Fix: write it as "sha256:0000/) as any, '"sha256:1"'],
    [{ exceptions: [{ reason: 'x' }] }, 'exceptions[0] = {"reason":"x"} says none of user, group, serviceAccount. Fix: say one of them, and one only.', '{'],
    [{ exceptions: [{ user: 'alice' }] }, 'exceptions[0].reason = undefined is missing. Fix: add it, such as "deploys from Git".', '{'],
  ])('%j', (document, message, place) => {
    expect(told(document)).toEqual([message, place]);
  });

  it.each([['null', 'null'], ['[]', '[]'], ['"x"', '"x"'], ['1', '1']])('a policy that is %s', (source, value) => {
    expect(told({}, source)[0]).toBe(`policy = ${value} is not a broker policy. Fix: write {…}.`);
  });
});

describe('what the constructs refuse is told at its place in the file', () => {
  it.each<[object, string, string]>([
    [team({ namespaces: ['kube-system'] }), 'teams[0].namespaces[0] = "kube-system" is a system namespace: what runs there can act on the whole cluster', '"kube-system"'],
    [{ commandSets: [DIAGNOSTICS], ...team({ onCall: undefined, requests: [ASK], namespaces: ['ok', 'default'] }) }, 'teams[0].namespaces[1] = "default" is a system namespace: what runs there can act on the whole cluster', '"default"'],
    [team({ onCall: ['system:masters'] }), 'teams[0].onCall[0] = "system:masters" is a Kubernetes system group, which stands for more than a team', '"system:masters"'],
    [team({ onCall: ['*'] }), 'teams[0].onCall[0] = "*" is a wildcard', '"*"'],
    [team({ capabilities: ['exec', 'read-secrets.example.com'] }), 'teams[0].capabilities[1] = "secrets" is never granted', '"read-secrets.example.com"'],
    [team({ capabilities: ['read-b.x+a.x'] }), 'teams[0].capabilities[0] = "read-b.x+a.x" is not a capability', '"read-b.x+a.x"'],
    [team({ capabilities: ['pod-copy'], resourceNames: ['ledger-0'] }), 'teams[0].resourceNames = ["ledger-0"] do not limit pod-copy: whoever may create pods reaches every pod\'s secrets', '['],
    [{ debugImages: [IMAGE], ...team({ nodes: true }) }, 'teams[0].nodes = true is given without images, and a pod on a node runs a debug image', 'true'],
    [request({ approvers: undefined }), 'teams[0].requests[0].approvers = undefined is missing, so nobody could approve what developers ask for', '{'],
    [request({ approvers: ['developers'] }), 'teams[0].requests[0].approvers = "developers" also requests, so two of its members could approve each other whatever they like', '['],
    [request({ maxDuration: '25h' }), 'teams[0].requests[0].maxDuration = "90000 s" is too long', '"25h"'],
    [request({ maxDuration: '9m' }), 'teams[0].requests[0].maxDuration = "540 s" is too short', '"9m"'],
    [request({ maxDurationByGroup: [{ group: 'sre', maxDuration: '48h' }] }), 'teams[0].requests[0].maxDurationByGroup[0].maxDuration = "172800 s" is too long', '"48h"'],
    [request({ ticketPattern: '(' }), 'teams[0].requests[0].ticketPattern = "(" is no regular expression', '"("'],
    [request({ ticketPattern: '(?=x)y' }), 'teams[0].requests[0].ticketPattern = "(?=x)y" uses look-around, back-references, flags or possessive quantifiers, which the API server does not have', '"(?=x)y"'],
    [request({ autoApprove: ['others'] }), 'teams[0].requests[0].autoApprove = "others" may not request, so nothing of theirs would be approved', '['],
    [request({ quorum: [{ group: 'security', approvals: 1 }] }), 'teams[0].requests[0].quorum[0] = "security" is no group of approvers', '{'],
    [request({ capabilities: ['node-debug'], resourceNames: ['ledger-0'] }), 'teams[0].requests[0].resourceNames = ["ledger-0"] do not limit node-debug: whoever may create pods reaches every pod\'s secrets', '['],
    [team({ breakGlass: { requesters: ['oncall'], maxDuration: '25h' } }), 'teams[0].breakGlass.maxDuration = "90000 s" is too long', '"25h"'],
    [team({ breakGlass: { requesters: ['oncall'], extraRules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] } }), 'teams[0].breakGlass.extraRules[0].resources = "secrets" gives credentials or further rights, which outlast the emergency', '['],
    [team({ breakGlass: { requesters: ['oncall'], extraRules: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['bind'] }] } }), 'teams[0].breakGlass.extraRules[0].verbs = "bind" gives further rights, which outlast the emergency', '['],
    [{ commandSets: [{ name: 'x', commands: [{ argv: ['sh', '-c', 'ls'] }] }] }, 'commandSets[0].commands[0] = "sh -c ls" runs whatever "sh" is told, so the other commands of the set would mean nothing', '{'],
    [{ commandSets: [{ name: 'x', commands: [{ argv: ['ls -l'] }] }] }, 'commandSets[0].commands[0].argv[0] = "ls -l" is one word with blanks in it, and no shell divides it', '"ls -l"'],
    [{ commandSets: [{ name: 'x', commands: [{ argv: ['ls'], arguments: [{ pathBelow: '../etc' }] }] }] }, 'commandSets[0].commands[0].arguments[0].pathBelow = "../etc" is not an absolute directory of plain names', '"../etc"'],
    [{ commandSets: [{ name: 'x', commands: [{ argv: ['ls'] }], shellReason: 'why not' }] }, 'commandSets[0].shellReason = "why not" is given, and the set contains no shell', '"why not"'],
    [{ commandSets: [{ builtIn: { copyFrom: '/var/../etc' } }] }, 'commandSets[0].builtIn.copyFrom = "/var/../etc" is not an absolute directory of plain names', '"/var/../etc"'],
    [{ debugImages: [{ ...IMAGE, repository: 'busybox' }] }, 'debugImages[0].repository = "busybox" names no registry, so each node decides where it is pulled from', '"busybox"'],
    [{ debugImages: [{ ...IMAGE, tags: ['1.36', 'latest'] }] }, 'debugImages[0].tags[1] = "latest" means whatever was pushed last', '"latest"'],
    [{ debugImages: [{ ...IMAGE, env: ['LD_PRELOAD'] }] }, 'debugImages[0].env[0] = "LD_PRELOAD" can make the allowed commands run something else', '"LD_PRELOAD"'],
    [{ debugImages: [{ ...IMAGE, commands: [{ argv: ['bash'] }] }] }, 'debugImages[0].commands[0] = "bash" runs whatever "bash" is told, so the other commands of the set would mean nothing', '{'],
    [{ debugImages: [{ ...IMAGE, commandSets: [{ builtIn: { copyFrom: 'x' } }] }] }, 'debugImages[0].commandSets[0].builtIn.copyFrom = "x" is not an absolute directory of plain names', '"x"'],
    [{ commandSets: [DIAGNOSTICS], exceptions: [{ group: 'system:authenticated', reason: 'x' }] }, 'exceptions[0].group = "system:authenticated" holds everybody, so nothing would be guarded', '"system:authenticated"'],
    [{ exceptions: [{ serviceAccount: { namespace: 'argocd', name: 'Not_A_Name' }, reason: 'x' }] }, 'exceptions[0].serviceAccount.name = "Not_A_Name" is not a DNS subdomain (lower-case letters, digits, "-" and ".")', '"Not_A_Name"'],
    [{ commandSets: [DIAGNOSTICS], exceptions: [{ user: 'alice', reason: 'x' }, { user: 'alice', reason: 'y' }] }, 'exceptions = "User alice" is given twice', '['],
  ])('%j', (document, message, place) => {
    const [rest, at] = told(document);
    expect([rest.slice(0, rest.indexOf('. Fix: ')), at]).toEqual([message, place]);
    expect(rest).not.toContain('\n');
  });
});

describe('what no part of a policy can see by itself', () => {
  it.each<[object, string, string]>([
    [{ commandSets: [DIAGNOSTICS], ...team({ commandSets: ['diagnostic'] }) }, 'teams[0].commandSets[0] = "diagnostic" is no command set of this policy. Fix: did you mean "diagnostics"? If not, use one of diagnostics, or define it.', '"diagnostic"'],
    [team({ commandSets: ['x'] }), 'teams[0].commandSets[0] = "x" is no command set of this policy. Fix: define it in commandSets.', '"x"'],
    [team({ debugImages: ['x'] }), 'teams[0].debugImages[0] = "x" is no debug image of this policy. Fix: define it in debugImages.', '"x"'],
    [request({ commandSets: ['x'] }), 'teams[0].requests[0].commandSets[0] = "x" is no command set of this policy. Fix: define it in commandSets.', '"x"'],
    [team({ breakGlass: { requesters: ['a'], debugImages: ['x'] } }), 'teams[0].breakGlass.debugImages[0] = "x" is no debug image of this policy. Fix: define it in debugImages.', '"x"'],
    [{ debugImages: [{ ...IMAGE, commandSets: ['x'] }] }, 'debugImages[0].commandSets[0] = "x" is no command set of this policy. Fix: define it in commandSets.', '"x"'],
    [{ teams: [TEAM, { ...TEAM, name: 'orders' }] }, 'teams[1].namespaces[0] = "payments" belongs to the team payments already. Fix: leave it to one of them; people of the other can be among its requesters.', '"payments"'],
    [{ teams: [TEAM, { ...TEAM, namespaces: ['other'] }] }, 'teams[1].name = "payments" is the name of two teams. Fix: give one of them another name.', '"payments"'],
    [{ commandSets: [DIAGNOSTICS, DIAGNOSTICS] }, 'commandSets[1] = "diagnostics" is the name of two command sets. Fix: give one of them another name.', '{'],
    [{ debugImages: [IMAGE, IMAGE] }, 'debugImages[1] = "tools" is the name of two debug images. Fix: give one of them another name.', '{'],
    [team({ requests: [ASK, ASK] }), 'teams[0].requests[1].profile = undefined is the profile of two requests. Fix: give each a profile of its own.', '{'],
    [team({ onCall: undefined }), 'teams[0].onCall = undefined is missing, and so are requests and breakGlass: nobody would have access. Fix: name the groups that are on call, or who may request.', '{'],
    [team({ onCall: undefined, requests: [ASK], capabilities: ['exec'] }), 'teams[0].capabilities = ["exec"] is for those on call, and nobody is. Fix: name their groups in onCall, or leave it out; requests and breakGlass have their own.', '['],
    [team({ portForward: true }), 'teams[0].portForward = true opens a guardrail that there is not, for the policy has no command sets. Fix: define commandSets, or leave it out and give the capability alone.', 'true'],
    [team({ attach: 'any' }), 'teams[0].attach = "any" opens a guardrail that there is not, for the policy has no command sets. Fix: define commandSets, or leave it out and give the capability alone.', '"any"'],
    [team({ copies: true }), 'teams[0].copies = true opens a guardrail that there is not, for the policy has no debug images. Fix: define debugImages, or leave it out and give the capability alone.', 'true'],
  ])('%j', (document, message, place) => {
    expect(told(document)).toEqual([message, place]);
  });

  it('a set that was refused is not also missing', () => {
    const document = { commandSets: [{ name: 'x', commands: [{ argv: ['sh'] }] }], debugImages: [{ ...IMAGE, commandSets: ['x'] }] };
    expect(told(document)[0]).toMatch(/^commandSets\[0\]\.commands\[0\] = "sh" .*$/);
  });
});

describe('several errors', () => {
  it('are one, in the order of the file, ten of them in full', () => {
    const many = fileOf({ teams: Array.from({ length: 13 }, (_, i) => ({ ...TEAM, name: `t${i}`, mode: i })) });
    const lines = refusal(() => BrokerPolicy.fromJson(many)).split('\n');
    expect(lines).toHaveLength(11);
    expect(lines[0]).toMatch(/^broker\.json:13:7: teams\[0\]\.mode = 0 /);
    expect(lines[9]).toMatch(/^broker\.json:\d+:7: teams\[9\]\.mode = 9 /);
    expect(lines[10]).toBe('… and 3 more');
  });

  it('of the constructs are all found, each once, though several constructs see the same', () => {
    const document = {
      commandSets: [DIAGNOSTICS],
      teams: [
        { ...TEAM, namespaces: ['kube-system'], requests: [{ ...ASK, maxDuration: '1m' }], breakGlass: { requesters: ['system:masters'] } },
        { ...TEAM, name: 'orders', namespaces: ['default'] },
      ],
    };
    const fields = refusal(() => BrokerPolicy.fromJson(fileOf(document))).split('\n').map(line => /: ([\w[\].]+) = /.exec(line)![1]);
    expect(fields).toEqual(['teams[0].namespaces[0]', 'teams[1].namespaces[0]']);
    // What is behind the first error of a construct shows when that is mended.
    document.teams.forEach((one, i) => {
      one.namespaces = [`ns-${i}`];
    });
    const behind = refusal(() => BrokerPolicy.fromJson(fileOf(document))).split('\n').map(line => /: ([\w[\].]+) = /.exec(line)![1]);
    expect(behind).toEqual(['teams[0].requests[0].maxDuration', 'teams[0].breakGlass.requesters[0]']);
  });

  it('are data for programs that show them their own way', () => {
    expect(BrokerPolicy.check(fileOf({}))).toEqual([]);
    expect(BrokerPolicy.check(fileOf({ mode: 'deny' }))).toEqual([
      { field: 'mode', problem: 'mode = "deny" is not a mode', fix: 'did you mean "Deny"? If not, use one of "Audit", "Deny"', line: 15, column: 11 },
    ]);
    expect(BrokerPolicy.check('{')).toEqual([{ field: '', problem: '"{" is never closed', fix: 'close it, or undo what cut the end of the file off', line: 1, column: 1 }]);
  });
});

describe('a policy from code', () => {
  const good: BrokerPolicyProps = { teams: [TEAM] };
  const refused = (props: any) => refusal(() => BrokerPolicy.of({ ...good, ...props }));

  it('is held to the same, without a place', () => {
    expect(refused({ mode: GuardrailMode.WARN })).toBe('BrokerPolicy: mode = "Warn" is not a mode. Fix: use one of "Audit", "Deny".');
    expect(refused({ teams: [{ ...TEAM, namespaces: ['kube-system'] }] })).toMatch(/^BrokerPolicy: teams\[0\]\.namespaces\[0\] = "kube-system" is a system namespace/);
    expect(refused({ teams: [] })).toBe('BrokerPolicy: teams = [] is empty. Fix: give at least one entry.');
    expect(refused({ teams: [{ ...TEAM, requests: [{ ...ASK, policyElsewhere: true }] }] })).toMatch(/^BrokerPolicy: teams\[0\]\.requests\[0\]\.policyElsewhere = true is no key that is known here/);
    expect(refused({ teams: [{ ...TEAM, name: 'b', namespaces: ['b'] }, { ...TEAM, name: 'a', onCall: ['*'] }] })).toMatch(/^BrokerPolicy: teams\[1\]\.onCall\[0\] = "\*" is a wildcard/);
  });

  it('of untyped languages: what is of the wrong class', () => {
    expect(refused({ commandSets: ['diagnostics'] })).toMatch(/^BrokerPolicy: commandSets\[0\] = "diagnostics" is not a command set/);
    expect(refused({ commandSets: [{ builtIn: 'diagnostics' }] })).toMatch(/^BrokerPolicy: commandSets\[0\] = .* is no CommandSet\. Fix: use CommandSet/);
    expect(refused({ debugImages: [IMAGE] })).toMatch(/^BrokerPolicy: debugImages\[0\] = .* is no DebugImage/);
    expect(refused({ exceptions: [{ user: 'alice', reason: 'x' }], commandSets: [CommandSet.shell()] })).toMatch(/^BrokerPolicy: exceptions\[0\] = .* is no GuardrailException/);
    expect(refused({ teams: [{ ...TEAM, capabilities: ['exec'] }] })).toMatch(/^BrokerPolicy: teams\[0\]\.capabilities\[0\] = "exec" is no DebugCapability/);
    expect(refused({ teams: [{ ...TEAM, requests: [{ ...ASK, maxDuration: '1h' }] }] })).toMatch(/^BrokerPolicy: teams\[0\]\.requests\[0\]\.maxDuration = "1h" is not a Duration/);
    expect(refused({ teams: [{ ...TEAM, requests: ['x'] }] })).toBe('BrokerPolicy: teams[0].requests[0] = "x" is not a request. Fix: write {…}.');
    expect(refused({ teams: [{ ...TEAM, requests: [{ ...ASK, maxDurationByGroup: ['1h'] }] }] })).toMatch(/^BrokerPolicy: teams\[0\]\.requests\[0\]\.maxDurationByGroup\[0\] = "1h" is not a limit of a group/);
    expect(refused({ teams: [{ ...TEAM, requests: [{ ...ASK, maxDuration: Duration.millis(1500) }] }] })).toMatch(/maxDuration = "1\.5s" is not a duration/);
    expect(refused({ teams: [{ ...TEAM, requests: [{ ...ASK, maxDuration: Duration.seconds(0) }] }] })).toMatch(/maxDuration = "0s" is not a duration/);
    expect(refused({ teams: ['payments'] })).toBe('BrokerPolicy: teams[0] = "payments" is not a team. Fix: write {…}.');
    const self: any = {};
    self.self = self;
    expect(refused({ teams: [{ ...TEAM, namespaces: [self] }] })).toMatch(/^BrokerPolicy: props = .* contain what is no data, such as a construct in place of its name/);
  });

  it('that is right is accepted', () => {
    const policy = BrokerPolicy.of({
      commandSets: [new CommandSet('ls', { commands: [Command.exact('ls')] })],
      debugImages: [new DebugImage('tools', { repository: 'docker.io/library/busybox', tags: ['1.36'], commandSets: [CommandSet.readOnlyDiagnostics()] })],
      teams: [{ ...TEAM, capabilities: [DebugCapability.EXEC], commandSets: ['ls'], debugImages: ['tools'] }],
    });
    expect([policy.mode, policy.teams.map(({ name }) => name), policy.commandSets.map(String), policy.exceptions]).toEqual([GuardrailMode.AUDIT, ['payments'], ['ls: ls'], []]);
  });
});

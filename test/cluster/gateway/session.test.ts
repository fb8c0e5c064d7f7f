import { readdirSync, readFileSync } from 'fs';
import { App, Chart } from 'cdk8s';
import { POD, possible, Scene, WHY_NOT } from './scene';
import { CommandSet, ExecGuardrail, GuardrailMode } from '../../../src';
import { AuditLog } from '../lab/audit-log';
import { testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, kubectl } from '../lab/kubectl';
import { eventually } from '../lab/process';

const cluster = theCluster();
const able = possible(cluster);
const it = testIf(able, WHY_NOT);
const TARGET = 'sd-gateway-target';
const at = `${TARGET}/${POD}`;

let scene: Scene;

beforeAll(async () => {
  if (!able) return;
  scene = new Scene(cluster, 'sd-gateway');
  await scene.set();
  await scene.sign('alice');
  await scene.open('door');
});

afterAll(async () => { if (able) await scene?.close(); });

/** What is in a recording besides how it began and ended. */
const output = (recording: any[]) => recording.slice(1).filter(([, code]) => code === 'o').map(([, , text]) => text).join('');

describe('a session is the person\'s own', () => {
  it('the audit log names the person and their grant, and the gateway as who asked for them', async () => {
    const ended = await scene.ssh([`exec ${at} -- echo shown`]);
    expect(ended).toMatchObject({ code: 0, stdout: 'shown\n', stderr: '' });
    const [header] = await scene.recordingOf(`exec ${at} -- echo shown`);
    const log = new AuditLog(cluster.auditLog!);
    const event = await eventually('the audit event', async () => log.events().find(one => one.userAgent?.includes(header['secure-debug'].session) && one.stage === 'ResponseComplete' && one.objectRef.subresource === 'exec'));
    expect(event.impersonatedUser).toMatchObject({ username: 'alice', groups: expect.arrayContaining(['sd-gateway-oncall']) });
    expect(event.user.username).toBe('system:serviceaccount:sd-gateway:debug-gateway');
    expect(event.annotations['authorization.k8s.io/reason']).toContain(`RoleBinding "oncall-debug/${TARGET}" of Role "oncall-debug" to Group "sd-gateway-oncall"`);
    expect(header['secure-debug'].grant).toBe(event.annotations['authorization.k8s.io/reason']);
  });

  it('the recording has who, from which certificate, what was shown, and how it ended', async () => {
    await scene.ssh([`exec ${at} -- sh -c "echo to-be-found; exit 3"`]);
    const recording = await scene.recordingOf(`exec ${at} -- sh -c "echo to-be-found; exit 3"`);
    expect(recording[0]).toMatchObject({ 'version': 2, 'secure-debug': { user: 'alice', groups: ['sd-gateway-oncall'], gateway: 'sd-gateway/debug-gateway', certificate: { serial: '7', keyId: 'alice' } } });
    expect(output(recording)).toBe('to-be-found\n');
    expect(recording.at(-1).slice(1)).toEqual(['x', '3']);
  });

  it('who lost their rights is refused at the next command, though the certificate is valid', async () => {
    await asAdmin(cluster, ['-n', TARGET, 'delete', 'rolebinding', 'oncall-debug']);
    const refused = await eventually('the refusal', async () => {
      const ended = await scene.ssh([`exec ${at} -- id`]);
      return ended.code === 0 ? undefined : ended;
    });
    await asAdmin(cluster, ['-n', TARGET, 'create', 'rolebinding', 'oncall-debug', '--role=oncall-debug', '--group=sd-gateway-oncall']);
    await eventually('the right again', async () => (await scene.ssh([`exec ${at} -- true`])).code === 0 || undefined);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/alice may not \w+ pods.*secure-debug request/);
  });

  it('a secret that is shown is not in the recording', async () => {
    const ended = await scene.ssh([`exec ${at} -- echo password=correct-horse`]);
    expect(ended.stdout).toBe('password=correct-horse\n');
    const recording = await scene.recordingOf(`exec ${at} -- echo password=[masked]`);
    expect(JSON.stringify(recording)).not.toContain('correct-horse');
    expect(output(recording)).toBe('password=[masked]\n');
  });
});

describe('what comes through', () => {
  it('exit statuses and both outputs', async () => {
    expect(await scene.ssh([`exec ${at} -- sh -c "echo out; echo err >&2; exit 7"`])).toMatchObject({ code: 7, stdout: 'out\n', stderr: 'err\n' });
  });

  it('a command that is not there', async () => {
    const ended = await scene.ssh([`exec ${at} -- no-such-program`]);
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toContain('no-such-program');
  });

  it('every byte in both directions, and the end of input', async () => {
    const sums = await scene.ssh([`exec -i ${at} -- sh -c "od -An -v -tx1 | md5sum"`], { stdin: String.fromCharCode(...Array.from({ length: 128 }, (_, i) => i)).repeat(2000) });
    const here = await kubectl(cluster, scene.alice, ['-n', TARGET, 'exec', '-i', POD, '--', 'sh', '-c', 'od -An -v -tx1 | md5sum'], { stdin: String.fromCharCode(...Array.from({ length: 128 }, (_, i) => i)).repeat(2000) });
    expect(sums.code).toBe(0);
    expect(sums.stdout).toBe(here.stdout);
    const back = await scene.ssh([`exec ${at} -- sh -c "dd if=/dev/zero bs=1024 count=3000 2>/dev/null"`]);
    expect(back.stdout.length).toBe(3_072_000);
  });

  it('logs, pods and a granted port', async () => {
    expect((await scene.ssh([`logs --tail 2 ${at}`])).stdout).toBe('tick\ntick\n');
    expect((await scene.ssh(['pods'])).stdout).toMatch(new RegExp(`^${at} +Running +app$`, 'm'));
    expect((await scene.ssh([`forward ${at} 8080`], { stdin: 'GET / HTTP/1.0\r\n\r\n', until: stdout => stdout.includes('hello') })).stdout).toContain('hello');
  });

  it('a debug container', async () => {
    const ended = await scene.ssh([`debug -i ${at} -- sh -c "echo debugging; read line; echo got $line"`], { stdin: 'a line\n', until: stdout => stdout.includes('got'), timeout: 30_000 });
    expect(ended.stdout + ended.stderr).toContain('got');
  });

  it('a terminal: its size, a new size, Ctrl-C, and the status', async () => {
    // Every client sends the size after the command has begun.
    const script = 'trap \'echo caught; exit 9\' INT; until [ "$(stty size 2>&1)" = "33 101" ]; do sleep 1; done; echo waiting; until [ "$(stty size)" = "40 120" ]; do sleep 1; done; echo resized; while :; do sleep 1; done';
    const { code, shown } = await scene.terminal(
      ['-t', `exec ${at} -- sh -c '${script.replace(/'/g, '\'"\'"\'')}'`], [['resized', '\u0003']], 'rows 33 cols 101', { seen: 'waiting', size: 'rows 40 cols 120' },
    );
    expect(shown).toContain('waiting'); // so the size was right
    expect(shown).toContain('caught');
    expect(code).toBe(9);
    const recording = (await scene.recordings()).filter(([header]) => header.width === 101).at(-1)!;
    expect(recording[0]).toMatchObject({ height: 33 });
    expect(recording.slice(1).filter(([, kind]) => kind === 'r').map(([, , size]) => size)).toEqual(expect.arrayContaining(['101x33', '120x40']));
  });

  it('a menu to choose a pod from, by typing', async () => {
    const { code, shown } = await scene.terminal(['-t'], [['Container', 'ledger'], ['ledger-0', '\r'], ['/ #', 'exit 5\r']]);
    expect(shown).toContain(at);
    expect(code).toBe(5);
  });
});

describe('a recording outlives what writes it', () => {
  it('a session program that is killed leaves whole lines', async () => {
    const command = `exec ${at} -- sh -c "echo before-it-was-killed; sleep 60"`;
    const ended = await scene.ssh([command], { until: stdout => stdout.includes('before') && killPrograms('SIGKILL', scene.pod) > 0 && false, timeout: 20_000 });
    expect(ended).toMatchObject({ timedOut: false, stdout: 'before-it-was-killed\n' });
    expect(ended.code).not.toBe(0);
    const recording = await scene.recordingOf(command);
    expect(output(recording)).toBe('before-it-was-killed\n');
    expect(recording.at(-1)[1]).toBe('o');
  });

  it('one that is told to end says so', async () => {
    const command = `exec ${at} -- sh -c "echo before-it-ended; sleep 60"`;
    await scene.ssh([command], { until: stdout => stdout.includes('before') && killPrograms('SIGTERM', scene.pod) > 0 && false, timeout: 20_000 });
    const recording = await scene.recordingOf(command);
    expect(recording.at(-2)[2]).toMatch(/^end .*, by SIGTERM, exit status 255/);
  });
});

describe('the guardrails', () => {
  it('refuse through the gateway what they refuse to kubectl, by the person\'s own allowance', async () => {
    const chart = new Chart(new App(), 'suite');
    const diagnostics = CommandSet.readOnlyDiagnostics();
    new ExecGuardrail(chart, 'exec', {
      name: 'sd-gateway-guard',
      mode: GuardrailMode.DENY,
      namespaces: [TARGET],
      commandSets: [diagnostics],
      allow: [{ namespace: TARGET, group: 'sd-gateway-oncall', commandSets: [diagnostics.name] }],
    });
    await apply(cluster, chart.toJson());
    try {
      const refused = await eventually('the guardrail', async () => {
        const ended = await scene.ssh([`exec ${at} -- sh -c id`]);
        return ended.code === 0 ? undefined : ended;
      });
      expect([refused.stdout, refused.stderr]).toEqual(['', expect.stringContaining('The policy sd-gateway-guard refused it')]);
      expect(await scene.ssh([`exec ${at} -- id`])).toMatchObject({ code: 0, stderr: '' });
    } finally {
      for (const kind of ['validatingadmissionpolicybinding', 'validatingadmissionpolicy']) await asAdmin(cluster, ['delete', kind, 'sd-gateway-guard']);
    }
  });
});

/** Signals the session programs of a gateway's pod, which this host can see; nobody gets into the pod to do it. */
function killPrograms(signal: NodeJS.Signals, pod: string): number {
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'latin1');
    } catch {
      return '';
    }
  };
  const found = readdirSync('/proc').filter(pid => /^\d+$/.test(pid) && read(pid, 'cmdline').includes('session.js') && read(pid, 'environ').includes(`GATEWAY_POD=${pod}\0`));
  for (const pid of found) process.kill(Number(pid), signal);
  return found.length;
}

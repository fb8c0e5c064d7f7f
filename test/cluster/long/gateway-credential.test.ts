import { readdirSync, readFileSync } from 'fs';
import { CommandSet, GatewayIdentity, GuardrailMode, BrokerPolicy } from '../../../src';
import { GROUP, POD, possible, Scene, WHY_NOT } from '../gateway/scene';
import { testIf, theCluster } from '../lab/cluster';
import { asAdmin, find, kubectl, Person } from '../lab/kubectl';
import { people } from '../lab/people';

const cluster = theCluster();
const able = possible(cluster);
const it = testIf(able, WHY_NOT);
const GATEWAY = 'sd-gateway-own';
const TARGET = `${GATEWAY}-target`;
const at = `${TARGET}/${POD}`;

const diagnostics = CommandSet.readOnlyDiagnostics();
const policy = () => BrokerPolicy.of({
  mode: GuardrailMode.DENY,
  commandSets: [diagnostics, CommandSet.copyFrom('/var/log')],
  teams: [{ name: 'own', namespaces: [TARGET], onCall: [GROUP], commandSets: [diagnostics.name] }],
});

let scene: Scene;
let alice: Person;
let bob: Person;
/** Alice's for hours, which the short one takes the place of. */
let long: ReturnType<typeof credentialOf>;

beforeAll(async () => {
  if (!able) return;
  scene = new Scene(cluster, GATEWAY, { identity: GatewayIdentity.ownCredential(), allowList: policy().execAllowList() });
  await scene.set();
  await scene.sign('alice');
  await scene.open('door');
  long = credentialOf(scene.alice);
  const short = await people(cluster, [{ name: 'alice', groups: [GROUP], seconds: 600 }, { name: 'bob', groups: [GROUP], seconds: 600 }]);
  ({ alice, bob } = short);
});

afterAll(async () => { if (able) await scene?.close(); });

/** What `secure-debug ssh open` takes from the kubeconfig. */
function credentialOf(person: Person): { certificate: string; key: string } {
  const { user } = JSON.parse(readFileSync(person.kubeconfig, 'utf8')).users[0];
  return { certificate: readFileSync(user['client-certificate'], 'utf8'), key: readFileSync(user['client-key'], 'utf8') };
}

/** Hands a credential over, and does something while the gateway holds it. */
async function holding<T>(person: Person, act: () => Promise<T>): Promise<T> {
  let doing: Promise<T> | undefined;
  // It ends by itself when it has given the credential away.
  const handed = await scene.ssh(['credential'], {
    stdin: `${JSON.stringify(credentialOf(person))}\n`,
    until: async stdout => {
      if (stdout !== 'ready\n') return false;
      await (doing ??= act());
      return true;
    },
  });
  if (!doing) throw new Error(`the gateway did not take the credential: ${JSON.stringify(handed)}`);
  return doing;
}

describe('a gateway without any right', () => {
  it('its pod has no token, and its ServiceAccount no binding', async () => {
    const pod = await find(cluster, ['-n', GATEWAY, 'pod', scene.pod]);
    expect(JSON.stringify(pod.spec.volumes)).not.toContain('serviceAccountToken');
    const bindings = JSON.parse(await asAdmin(cluster, ['get', 'rolebindings,clusterrolebindings', '-A', '-o', 'json'])).items;
    expect(bindings.filter((one: any) => (one.subjects ?? []).some((subject: any) => subject.kind === 'ServiceAccount' && subject.namespace === GATEWAY))).toEqual([]);
  });

  it('does nothing for who hands over nothing', async () => {
    const ended = await scene.ssh([`exec ${at} -- id`]);
    expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('no credential of yours') });
  });

  it('acts by the credential that was handed over, as the person themselves, and names their grant', async () => {
    const did = await holding(alice, () => scene.ssh([`exec ${at} -- id`]));
    expect(did).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('uid=') });
    const [header] = await scene.recordingOf(`exec ${at} -- id`);
    expect(header['secure-debug'].grant).toContain(`RoleBinding "oncall-debug/${TARGET}" of Role "oncall-debug" to Group "${GROUP}"`);
  });

  it('refused: the credential of somebody else', async () => {
    const did = await holding(bob, () => scene.ssh([`exec ${at} -- id`]));
    expect(did).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('The credential is that of bob, and your certificate that of alice') });
  });

  it('refused: a second session by the same credential', async () => {
    const did = await holding(alice, async () => [await scene.ssh([`exec ${at} -- id`]), await scene.ssh([`exec ${at} -- id`])]);
    expect(did.map(({ code }) => code)).toEqual([0, 1]);
    expect(did[1].stderr).toContain('no credential of yours');
  });

  it('refused: a session of another certificate of the same person', async () => {
    const did = await holding(alice, async () => {
      await scene.sign('alice', { serial: 8 });
      const ended = await scene.ssh([`exec ${at} -- id`]);
      await scene.sign('alice');
      return ended;
    });
    expect(did).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('no credential of yours') });
  });

  it.each([
    ['one for hours', () => JSON.stringify(long), /valid for another \d+ minutes, and the gateway takes none for more than 15/],
    ['one whose end nobody knows', () => JSON.stringify({ token: 'opaque' }), /does not say how long it is valid/],
    ['none', () => 'id', /does not say how long it is valid/],
    ['a token that would be a second header', () => JSON.stringify({ token: 'a.b.c\r\nx: y' }), /does not say how long it is valid/],
  ])('refused: %s', async (_name, line, said) => {
    const ended = await scene.ssh(['credential'], { stdin: `${line()}\n` });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(said);
  });

  it('refused: a credential in the words of a command, where the recording would have it', async () => {
    expect(await scene.ssh(['credential abc'])).toMatchObject({ code: 2, stderr: expect.stringContaining('credential takes no words') });
  });

  it('the credential is in no argument, no variable, no file and no recording', async () => {
    const { certificate, key } = credentialOf(alice);
    // A line of each: the first lines of two keys may be the same.
    const marks = [certificate.split('\n')[3], key.split('\n')[1]];
    const did = await holding(alice, async () => {
      const processes = readdirSync('/proc').filter(pid => /^\d+$/.test(pid)).map(pid => ['cmdline', 'environ'].map(file => read(`/proc/${pid}/${file}`)).join('\n'))
        .filter(text => text.includes(`GATEWAY_POD=${scene.pod}\0`));
      const server = readdirSync('/proc').find(pid => /^\d+$/.test(pid) && read(`/proc/${pid}/environ`).includes(`GATEWAY_POD=${scene.pod}\0`))!;
      const folder = `/proc/${server}/root/tmp/credentials`;
      const files = readdirSync(folder);
      const ended = await scene.ssh([`exec ${at} -- uptime`]);
      return { processes, files, ended };
    });
    expect(did.ended.code).toBe(0);
    expect(did.processes.length).toBeGreaterThan(0);
    expect(did.files).toHaveLength(1);
    const recorded = JSON.stringify(await scene.recordings());
    for (const mark of marks) {
      expect(mark.length).toBeGreaterThan(20);
      expect(did.processes.join('\n')).not.toContain(mark);
      expect(recorded).not.toContain(mark);
    }
  });

  it('forgets a credential when the connection that brought it ends', async () => {
    await holding(alice, async () => undefined);
    expect((await scene.ssh([`exec ${at} -- id`])).stderr).toContain('no credential of yours');
  });
});

describe('the allow-list', () => {
  it.each([
    ['a command that is in no set', `exec ${at} -- sh -c id`, `exec of "sh -c id" in ${at} is in none of the command sets: copy-from (tar cf - `],
    ['a terminal for one that is allowed without', `exec -i ${at} -- id`, `exec of "id" in ${at} is allowed without -i and -t only`],
    ['a set that is somebody else\'s', `exec ${at} -- tar cf - /var/log`, `exec of "tar cf - /var/log" in ${at} takes the command set copy-from, which is not granted to you`],
    ['a port', `forward ${at} 8080`, `port-forward to ${at} is not granted to you; rights by wildcard do not count`],
  ])('refuses in the guardrail\'s words, and does not ask the API server: %s', async (_name, command, said) => {
    const did = await holding(alice, () => scene.ssh([command]));
    expect(did).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`The gateway's allow-list refused it: ${said}`) });
  });

  it('lets through what a pattern allows', async () => {
    expect(await holding(alice, () => scene.ssh([`exec ${at} -- ls -l /proc/1`]))).toMatchObject({ code: expect.any(Number), stderr: expect.not.stringContaining('allow-list') });
  });

  it('kubectl, where the guardrail is not deployed, is let through: so it was the gateway that refused', async () => {
    expect((await kubectl(cluster, scene.alice, ['-n', TARGET, 'exec', POD, '--', 'sh', '-c', 'echo in'])).stdout).toBe('in\n');
  });
});

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return ''; // it has ended
  }
}

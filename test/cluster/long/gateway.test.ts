import { ChildProcess, spawn } from 'child_process';
import { connect } from 'net';
import { POD, possible, Scene, WHY_NOT } from '../gateway/scene';
import { testIf, theCluster } from '../lab/cluster';
import { eventually, inParallel } from '../lab/process';

const cluster = theCluster();
const able = possible(cluster);
const it = testIf(able, WHY_NOT);
const GATEWAY = 'sd-gateway-many';
const at = `${GATEWAY}-target/${POD}`;
const MEBIBYTES = 100;

let scene: Scene;

beforeAll(async () => {
  if (!able) return;
  scene = new Scene(cluster, GATEWAY, { maxSessions: 50 });
  await scene.set();
  await scene.sign('alice');
  // At the pod's address, as by a load balancer: of fifty streams at once, a port-forward of kubectl is its own test.
  await scene.open('door', true);
});

afterAll(async () => { if (able) await scene?.close(); });

it('fifty sessions at once, each with its own recording, and not one more', async () => {
  const hold = (i: number) => scene.ssh([`exec ${at} -- sh -c "echo open-${i}; while [ ! -e /tmp/enough ]; do sleep 1; done; exit ${i}"`], { timeout: 240_000 });
  // sshd lets only so many log in at the same moment.
  const sessions = inParallel(50, Array.from({ length: 50 }, (_, i) => i), async i => {
    await new Promise(resolve => setTimeout(resolve, i * 200));
    return hold(i);
  });
  const shown = /open-\d+\\n/;
  await eventually('fifty open sessions', async () => (await scene.recordings()).filter(lines => lines.slice(1).some(line => shown.test(JSON.stringify(line)))).length === 50 || undefined, 180_000);
  const oneMore = await scene.ssh(['pods']);
  expect([oneMore.code, oneMore.stderr]).toEqual([1, expect.stringContaining('has its 50 sessions')]);
  await scene.asAlice(['exec', POD, '--', 'touch', '/tmp/enough']);
  const ended = await sessions;
  expect(ended.map(({ code }) => code)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect(ended.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 50 }, (_, i) => `open-${i}\n`));
});

it('sessions that have a port-forward each outlive one whose connection is reset; those that share one do not', async () => {
  const forwards = await Promise.all([0, 1, 2].map(() => forwarded()));
  const [own, shared, broken] = forwards.map(({ port }) => port);
  try {
    const hold = (port: number, name: string) => scene.ssh([`exec ${at} -- sh -c "echo ${name}; while [ ! -e /tmp/${name} ]; do sleep 1; done"`], {
      first: ['-p', String(port), '-o', 'HostName=127.0.0.1'], timeout: 120_000,
    });
    const sessions = { own: hold(own, 'own-one'), shared: hold(shared, 'shared-one') };
    const begun = async () => {
      const text = JSON.stringify(await scene.recordings());
      return ['own-one', 'shared-one'].every(name => text.includes(`${name}\\n`)) || undefined;
    };
    // Whichever ends first says why.
    const early = Promise.race(Object.values(sessions)).then(ended => { throw new Error(`a session ended: ${JSON.stringify(ended)}`); });
    await Promise.race([eventually('both sessions', begun), early]);
    for (const port of [shared, broken]) await reset(port);
    expect((await sessions.shared).code).toBe(255);
    await scene.asAlice(['exec', POD, '--', 'touch', '/tmp/own-one']);
    expect(await sessions.own).toMatchObject({ code: 0, stdout: 'own-one\n' });
  } finally {
    await scene.asAlice(['exec', POD, '--', 'touch', '/tmp/shared-one']);
    for (const { child } of forwards) child.kill();
  }
});

/** A port-forward of kubectl to the gateway, by the person. */
function forwarded(): Promise<{ port: number; child: ChildProcess }> {
  const child = spawn(Object.values(cluster.clients)[0], ['--kubeconfig', scene.alice.kubeconfig, '-n', GATEWAY, 'port-forward', 'job/door', ':2222'], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, fail) => {
    child.on('close', () => fail(new Error('port-forward ended')));
    child.stdout!.on('data', data => {
      const [, port] = /127\.0\.0\.1:(\d+)/.exec(String(data)) ?? [];
      if (port) resolve({ port: Number(port), child });
    });
  });
}

/** Says to sshd what is no SSH, and more than it reads: it closes, and what is left unread resets the connection. */
function reset(port: number): Promise<void> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`GET / HTTP/1.0\r\n\r\n${'x'.repeat(300_000)}`));
    socket.on('error', () => undefined).on('data', () => undefined).on('close', () => resolve());
  });
}

it(`${MEBIBYTES} MiB out and in: the bytes are right, and how fast it is beside kubectl exec is printed`, async () => {
  const kubectl = scene.kubectlWords(['exec', '-i', POD, '--']);
  const zeros = `dd if=/dev/zero bs=1048576 count=${MEBIBYTES}`;
  const ways: Record<string, [string[], string[]]> = {
    out: [scene.words([`exec ${at} -- ${zeros}`]), [...kubectl, ...zeros.split(' ')]],
    in: [scene.words([`exec -i ${at} -- sha256sum`]), [...kubectl, 'sha256sum']],
  };
  const sum = '20492a4d0d84f8beb1767f6616229f85d44c2827b64bdbfb260ee12fa1109e0e';
  for (const [direction, pair] of Object.entries(ways)) {
    const best = [Infinity, Infinity];
    for (let round = 0; round < 3; round++) {
      for (const i of [0, 1]) {
        const began = process.hrtime.bigint();
        const answer = await piped(pair[i], direction === 'in' ? zeros : undefined);
        best[i] = Math.min(best[i], Number(process.hrtime.bigint() - began) / 1e9);
        expect(answer).toContain(sum);
      }
    }
    process.stderr.write(`${MEBIBYTES} MiB ${direction}: ssh ${best[0].toFixed(2)} s, kubectl exec ${best[1].toFixed(2)} s, ratio ${(best[1] / best[0]).toFixed(2)}\n`);
  }
});

/** Runs a program with a pipe before or behind it; the sum of what came through. */
function piped([program, ...args]: string[], input?: string): Promise<string> {
  const line = [program, ...args].map(word => `'${word.replace(/'/g, '\'\\\'\'')}'`).join(' ');
  const child = spawn('sh', ['-c', input ? `${input} | ${line}` : `${line} </dev/null | sha256sum`], { env: { ...scene.environment }, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', data => { text += data; });
  return new Promise(resolve => child.on('close', () => resolve(text)));
}

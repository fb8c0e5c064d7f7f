import { spawn } from 'child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'fs';
import { homedir, tmpdir } from 'os';
import { join } from 'path';
import { Handed, handOver } from './hand-over';
import { refused, wrongUse } from '../errors';
import { paths } from '../paths';
import { CommonOptions, Result, Session } from '../session';
import { plain, seconds, word } from '../text';

interface OpenOptions extends CommonOptions {
  readonly gateway: string;
  readonly identity?: string;
  readonly tty?: boolean;
  readonly new?: boolean;
  readonly print?: boolean;
  readonly wait?: string;
}

const HOST_AUTHORITY = 'secure-debug.internal/ssh-host-authority';
const IDENTITY = 'secure-debug.internal/ssh-identity';
const LOGIN = 'debug';
const EVERY = 1_000;
const DEFAULT_WAIT = 120;

/** Starts a gateway, or takes one that runs, and runs ssh: the port-forward is its ProxyCommand, so it ends with it. */
export async function openGateway(session: Session, words: string[], options: OpenOptions): Promise<Result> {
  const { namespace, cluster } = session;
  const { gateway } = options;
  const wait = options.wait === undefined ? DEFAULT_WAIT : seconds('--wait', options.wait);
  const identity = options.identity ?? join(session.io.env.HOME ?? homedir(), '.ssh', 'id_ed25519');
  if (!existsSync(`${identity}-cert.pub`)) wrongUse(`There is no certificate ${plain(identity)}-cert.pub. Fix: ask for one (secure-debug ssh sign, or your authority), or name another key with -i.`);
  const cronJob = await cluster.find(`${paths.jobs(namespace).replace(/jobs$/, 'cronjobs')}/${encodeURIComponent(gateway)}`);
  const authority = cronJob?.metadata?.annotations?.[HOST_AUTHORITY];
  if (!cronJob) wrongUse(`There is no gateway ${plain(gateway)} in ${namespace}. Fix: name it with --gateway and -n.`);
  if (typeof authority !== 'string' || !/^[a-z0-9@.-]+ [A-Za-z0-9+/=]+$/.test(authority)) {
    refused(`The CronJob ${plain(gateway)} does not say which authority signed the gateway's key. Fix: make it with DebugGateway, which annotates it.`);
  }
  const handsOver = cronJob.metadata.annotations[IDENTITY] === 'own-credential';
  if (handsOver && (options.print || options.json)) {
    wrongUse('The gateway takes your own credential for each session, which one line of ssh cannot hand over. Fix: leave --print out.');
  }
  const found = options.new ? undefined : await running(session, gateway);
  const pod = found ?? await start(session, cronJob, wait);

  const hostName = `${gateway}.${namespace}`;
  const folder = mkdtempSync(join(tmpdir(), 'secure-debug-ssh-'));
  const known = join(folder, 'known_hosts');
  writeFileSync(known, `@cert-authority ${hostName} ${authority}\n`, { mode: 0o600 });
  const program = [process.execPath, process.argv[1]].map(word).join(' ');
  const how = [
    '-o', `ProxyCommand=${session.line(program, 'ssh', 'proxy', word(pod), '-n', namespace).replace(/%/g, '%%')}`,
    '-o', `HostKeyAlias=${hostName}`, '-o', `UserKnownHostsFile=${known}`, '-o', 'GlobalKnownHostsFile=none', '-o', 'StrictHostKeyChecking=yes',
    '-o', 'IdentitiesOnly=yes', '-i', identity, `${LOGIN}@${hostName}`,
  ];
  const args = [...words.length && !options.tty ? [] : ['-t'], ...how, ...words.length ? [words.map(quoted).join(' ')] : []];
  const line = ['ssh', ...args].map(word).join(' ');
  if (options.print || options.json) return { data: { pod, started: !found, host: hostName, command: ['ssh', ...args] }, text: line };
  let handed: Handed | undefined;
  try {
    if (handsOver) handed = await handOver(session, ['ssh', ...how]);
    return { data: {}, text: '', code: await ssh(session, args) };
  } finally {
    handed?.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A word for the gateway, which divides commands as a shell does. */
const quoted = (text: string) => (text === '' ? '\'\'' : word(text));

async function pods(session: Session, selector: string): Promise<any[]> {
  return session.cluster.list(`/api/v1/namespaces/${encodeURIComponent(session.namespace)}/pods`, { labelSelector: selector });
}

const isReady = (pod: any) => !pod.metadata.deletionTimestamp && pod.status?.conditions?.some((one: any) => one.type === 'Ready' && one.status === 'True');

/** The gateway that has the most time left. */
async function running(session: Session, gateway: string): Promise<string | undefined> {
  const ready = (await pods(session, `app.kubernetes.io/instance=${gateway}`)).filter(isReady);
  return ready.sort((a, b) => (a.status.startTime < b.status.startTime ? 1 : -1))[0]?.metadata.name;
}

/** As `kubectl create job --from=cronjob/…`. */
async function start(session: Session, cronJob: any, wait: number): Promise<string> {
  const { namespace, cluster, io } = session;
  const { name, uid } = cronJob.metadata;
  const { metadata = {}, spec } = cronJob.spec.jobTemplate;
  const job = await cluster.create(paths.jobs(namespace), {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${name}-${io.unique()}`,
      namespace,
      labels: metadata.labels,
      annotations: { ...metadata.annotations, 'cronjob.kubernetes.io/instantiate': 'manual' },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name, uid, controller: true }],
    },
    spec,
  });
  session.tell(`Started ${plain(job.metadata.name)} in ${namespace}; it ends in ${Math.round(spec.activeDeadlineSeconds / 60)} minutes, with whatever is open in it.`);
  let why = 'no pod was made for it';
  for (let waited = 0; waited < wait; waited++) {
    const [pod] = await pods(session, `job-name=${job.metadata.name}`);
    if (pod && isReady(pod)) return pod.metadata.name;
    const state = pod?.status?.containerStatuses?.[0]?.state?.waiting;
    why = state ? `${state.reason}: ${state.message ?? ''}` : pod?.status?.conditions?.find((one: any) => one.status === 'False')?.message ?? why;
    if (pod?.status?.phase === 'Failed') break;
    await io.sleep(EVERY);
  }
  return refused(`The gateway ${plain(job.metadata.name)} did not start in time: ${plain(why)}. Fix: tell who runs it, with: kubectl -n ${namespace} describe job ${plain(job.metadata.name)}`);
}

function ssh(session: Session, args: string[]): Promise<number> {
  return new Promise((resolve, fail) => {
    const child = spawn('ssh', args, { env: session.io.env, stdio: 'inherit' });
    child.on('error', error => {
      try {
        refused(`ssh cannot be run: ${error.message}. Fix: install OpenSSH's client.`);
      } catch (known) {
        fail(known);
      }
    });
    child.on('close', code => resolve(code ?? 255));
  });
}

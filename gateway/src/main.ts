import { randomBytes } from 'crypto';
import { readdirSync, readFileSync } from 'fs';
import { Socket } from 'net';
import { Api, SERVICE_ACCOUNT } from './api';
import { Action, parseCommand } from './command';
import { Config, readConfig } from './config';
import { fetchCredential } from './credential';
import { NO_RECORDING, refuse, REFUSED, SessionError } from './errors';
import { grantOf } from './grant';
import { byCredential, Identity, inTheNameOf } from './identity';
import { Masks } from './masks';
import { Person, thePerson } from './person';
import { Recording } from './recording';
import { act } from './sessions';
import { isTerminal, Terminal } from './streams';
import { plain } from './text';

const terminal: Terminal = isTerminal(process) ? process : unblocked();

/** What a session needs before anything is done for it. */
interface Beginning {
  readonly action: Action;
  readonly api?: Api;
  readonly grant?: string;
}

/** A session: sshd has let the person in, and runs this instead of what they asked for. */
async function main(configFile: string): Promise<number> {
  const { env } = process;
  const config = readConfig(configFile);
  const person = thePerson(config, env);
  const { certificate } = person;
  if (sessions() > config.maxSessions) refuse(`The gateway has its ${config.maxSessions} sessions. Fix: end one, or start another gateway.`);
  const session = randomBytes(8).toString('hex');
  const tty = isTerminal(terminal);
  const begun = await begin(config, person, session).catch((error: unknown) => error as Error);
  const failed = begun instanceof Error;
  // The recording comes before everything that does something; what was refused is in it too.
  const recording = new Recording({
    session,
    gateway: `${config.namespace}/${config.name}`,
    pod: env.GATEWAY_POD,
    user: person.user,
    groups: person.groups,
    certificate: {
      serial: certificate.serial,
      keyId: certificate.keyId,
      fingerprint: certificate.fingerprint,
      validBefore: new Date(certificate.validBefore * 1000).toISOString(),
    },
    command: new Masks(config.masks).apply(env.SSH_ORIGINAL_COMMAND ?? ''),
    ...!failed && begun.grant !== undefined && { grant: begun.grant },
    from: env.SSH_CONNECTION?.split(' ')[0],
  }, {
    folder: config.recordings,
    masks: config.masks,
    pipeBytes: config.pipeBytes,
    ...tty && { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24, term: env.TERM },
  });
  const ended = (signal: string) => {
    try { recording.end(255, `by ${signal}`); } finally { process.exit(255); }
  };
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, () => ended(signal));

  let code = REFUSED;
  let why = 'by itself';
  try {
    if (failed) throw begun;
    code = await act({ api: begun.api!, config, person, terminal, recording }, begun.action);
  } catch (error) {
    const known = error instanceof SessionError ? error : new SessionError(`Unexpected: ${(error as Error).message}. This is a fault of the gateway; please report it.`);
    code = known.code;
    why = `by an error: ${known.message}`;
    tell(known.message);
  } finally {
    if (!failed) begun.api?.close();
    try {
      recording.end(code, why);
    } catch (error) {
      if (code !== NO_RECORDING) tell((error as Error).message);
      code = NO_RECORDING;
    }
  }
  return code;
}

/** What was asked for, as whom the API server is asked, and by which right. */
async function begin(config: Config, person: Person, session: string): Promise<Beginning> {
  const action = parseCommand(config, process.env.SSH_ORIGINAL_COMMAND);
  if (action.kind === 'credential' || action.kind === 'help') return { action };
  const api = new Api(await identityOf(config, person), session, process.env);
  try {
    if (config.ownCredential) await confirm(api, person);
    return { action, api, grant: await grantOf(api, action) };
  } catch (error) {
    api.close();
    throw error;
  }
}

async function identityOf(config: Config, person: Person): Promise<Identity> {
  return config.ownCredential ? byCredential(await fetchCredential(person, config.ownCredential.maxSeconds)) : inTheNameOf(person, SERVICE_ACCOUNT);
}

/** Whose credential it is says the API server: a recording under one name and an audit event under another would be worth nothing. */
async function confirm(api: Api, person: Person): Promise<void> {
  const { status } = await api.send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
  const user = String(status?.userInfo?.username);
  if (user !== person.user) refuse(`The credential is that of ${plain(user)}, and your certificate that of ${plain(person.user)}. Fix: have a certificate signed with the kubeconfig that you use.`);
}

/** Sessions that run now, this one included: processes of this program. */
function sessions(): number {
  const own = readFileSync('/proc/self/cmdline', 'utf8');
  return readdirSync('/proc').filter(name => /^\d+$/.test(name) && commandLine(name) === own).length;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has ended
  }
}

/**
 * Pipes that never wait for who reads them: Node's own would, and a session whose client has stopped reading could neither sync its
 * recording nor end.
 */
function unblocked(): Terminal {
  const writer = (fd: number) => new Socket({ fd, readable: false, writable: true }).on('error', () => undefined) as unknown as NodeJS.WriteStream;
  return { stdin: process.stdin, stdout: writer(1), stderr: writer(2) };
}

const tell = (message: string) => terminal.stderr.write(`error: ${plain(message)}\n`);

/** Once what was written before has gone out, or nobody reads it. */
const flushed = (stream: NodeJS.WritableStream) => new Promise<void>(resolve => {
  if (!stream.writable) resolve();
  else stream.write('', () => resolve());
});

void main(process.argv[2]).catch(error => {
  tell(error instanceof SessionError ? error.message : `Unexpected: ${(error as Error).message}. This is a fault of the gateway; please report it.`);
  return error instanceof SessionError ? error.code : REFUSED;
}).then(async code => {
  await Promise.all([flushed(terminal.stdout), flushed(terminal.stderr)]);
  // A terminal that is still open would keep the process.
  process.exit(code);
});

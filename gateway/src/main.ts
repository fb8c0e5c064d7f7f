import { randomBytes } from 'crypto';
import { readdirSync, readFileSync } from 'fs';
import { Api } from './api';
import { parseCommand } from './command';
import { readConfig } from './config';
import { NO_RECORDING, refuse, REFUSED, SessionError } from './errors';
import { Masks } from './masks';
import { thePerson } from './person';
import { Recording } from './recording';
import { act } from './sessions';
import { isTerminal, Terminal } from './streams';
import { plain } from './text';

/** A session: sshd has let the person in, and runs this instead of what they asked for. */
async function main(configFile: string): Promise<number> {
  const { env } = process;
  const config = readConfig(configFile);
  const person = thePerson(config, env);
  const { certificate } = person;
  if (sessions() > config.maxSessions) refuse(`The gateway has its ${config.maxSessions} sessions. Fix: end one, or start another gateway.`);
  const session = randomBytes(8).toString('hex');
  const terminal: Terminal = process;
  const tty = isTerminal(terminal);
  // The recording comes first: also what was refused is in it.
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
  const api = new Api(person, session, env);
  try {
    code = await act({ api, config, terminal, recording }, parseCommand(config, env.SSH_ORIGINAL_COMMAND));
  } catch (error) {
    const known = error instanceof SessionError ? error : new SessionError(`Unexpected: ${(error as Error).message}. This is a fault of the gateway; please report it.`);
    code = known.code;
    why = `by an error: ${known.message}`;
    tell(known.message);
  } finally {
    api.close();
    try {
      recording.end(code, why);
    } catch (error) {
      if (code !== NO_RECORDING) tell((error as Error).message);
      code = NO_RECORDING;
    }
  }
  return code;
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

const tell = (message: string) => process.stderr.write(`error: ${plain(message)}\n`);

void main(process.argv[2]).catch(error => {
  tell(error instanceof SessionError ? error.message : `Unexpected: ${(error as Error).message}. This is a fault of the gateway; please report it.`);
  return error instanceof SessionError ? error.code : REFUSED;
}).then(code => {
  process.exitCode = code;
  // A terminal that is still open would keep the process.
  process.stdout.write('', () => process.exit(code));
});

import { spawn } from 'child_process';
import { refused, wrongUse } from '../errors';
import { Session } from '../session';

/** A credential that a gateway holds for the next session. */
export interface Handed {
  /** Ends the connection that brought it; what was not asked for is forgotten. */
  end(): void;
}

const READY = 'ready\n';
const PATIENCE = 60_000;

/**
 * Hands what the kubeconfig has to a gateway that has no right of its own: by a pipe into a session of the same certificate, where it
 * is held in memory for one session. It is in no argument, no variable and no file.
 */
export async function handOver(session: Session, [program, ...args]: string[]): Promise<Handed> {
  const line = `${JSON.stringify(credentialOf(session))}\n`;
  return new Promise((resolve, fail) => {
    const child = spawn(program, [...args, 'credential'], { env: session.io.env, stdio: ['pipe', 'pipe', 'inherit'] });
    const because = (act: () => never) => {
      clearTimeout(timer);
      try {
        act();
      } catch (known) {
        fail(known);
      }
    };
    const timer = setTimeout(() => {
      child.kill();
      because(() => refused(`The gateway did not take the credential in ${PATIENCE / 1000} s. Fix: try again, or start another gateway with --new.`));
    }, PATIENCE);
    let said = '';
    child.stdout.on('data', data => {
      said += data;
      if (said !== READY) return;
      clearTimeout(timer);
      resolve({ end: () => child.stdin.end() });
    });
    child.stdin.on('error', () => undefined); // it has ended, and says why
    child.on('error', error => because(() => refused(`ssh cannot be run: ${error.message}. Fix: install OpenSSH's client.`)));
    child.on('close', code => because(() => refused(`The gateway did not take the credential (exit status ${code}). Fix: see what it says above.`)));
    child.stdin.write(line);
  });
}

/** A token, or a client certificate; whether it is for a short time, the gateway looks. */
function credentialOf(session: Session): object {
  const { headers, cert, key } = session.cluster.connection.options;
  const [, token] = /^Bearer (\S+)$/.exec(String((headers as any)?.Authorization ?? (headers as any)?.authorization ?? '')) ?? [];
  if (token !== undefined) return { token };
  if (cert && key) return { certificate: cert.toString(), key: key.toString() };
  return wrongUse('Your kubeconfig has neither a token nor a client certificate to hand over. Fix: log in as for kubectl, with secure-debug login or secure-debug cert.');
}

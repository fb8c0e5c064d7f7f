import { authenticate, usableUntil } from './authenticate';
import { LoginOptions, settingsOf } from './settings';
import { wrongUse } from '../errors';
import { Io } from '../io';
import { plain } from '../text';

const GROUP = 'client.authentication.k8s.io';
const VERSIONS = [`${GROUP}/v1`, `${GROUP}/v1beta1`];

/**
 * What kubectl runs to get a credential. Standard output is the answer alone; what a person has to do goes to standard error.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
export async function credential(io: Io, options: LoginOptions): Promise<string> {
  const apiVersion = versionOf(io.env.KUBERNETES_EXEC_INFO);
  const { token, until } = await tokenOf(io, options);
  return JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token, expirationTimestamp: until } });
}

/**
 * The token of a login, and until when to use it.
 *
 * @param ask whether somebody may be asked to log in, if a terminal shows it
 */
export async function tokenOf(io: Io, options: LoginOptions, ask = true): Promise<{ token: string; until: string }> {
  // It reads nothing, so that kubectl has standard input to itself; somebody is there when a terminal shows what it writes.
  const login = await authenticate(io, settingsOf(options), { interactive: io.stderr.isTTY === true, unasked: !ask });
  return { token: login.idToken, until: new Date(usableUntil(login)).toISOString() };
}

function versionOf(info: string | undefined): string {
  // Clients that are not kubectl may say nothing.
  if (info === undefined || info === '') return VERSIONS[0];
  let version: unknown;
  try {
    version = JSON.parse(info).apiVersion;
  } catch {
    wrongUse('KUBERNETES_EXEC_INFO is no JSON. Fix: leave it to kubectl to set it.');
  }
  if (!VERSIONS.includes(version as string)) {
    wrongUse(`The kubeconfig asks for a credential of ${plain(String(version))}. Fix: write apiVersion: ${VERSIONS[0]} below exec.`);
  }
  return version as string;
}

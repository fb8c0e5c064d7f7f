import type { RequestOptions } from 'https';
import { loginOf } from './credentials/context-login';
import { tokenOf } from './credentials/credential';
import { wrongUse } from './errors';
import type { Io } from './io';

type KubeConfig = import('@kubernetes/client-node', { with: { 'resolution-mode': 'import' } }).KubeConfig;

/** Which kubeconfig, as kubectl takes it. */
export interface ConnectOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** The kubeconfig itself, instead of a file. */
  readonly text?: string;
  /** Whether to log in where the context does that by this program and no login is left (default: if there is a terminal). */
  readonly login?: boolean;
}

/** How the API server is reached, and as whom. */
export interface Connection {
  readonly server: string;
  /** Certificates, headers and agent. */
  readonly options: RequestOptions;
  /** The namespace of the context. */
  readonly namespace: string;
  /** The context's name. */
  readonly context?: string;
}

/**
 * Reads the kubeconfig as kubectl does: KUBECONFIG, ~/.kube/config, in a pod its ServiceAccount.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */
export async function readKubeconfig({ kubeconfig, context, text }: ConnectOptions): Promise<KubeConfig> {
  const { KubeConfig: Config } = await import('@kubernetes/client-node');
  const config = new Config();
  try {
    if (text !== undefined) {
      config.loadFromString(text);
    } else if (kubeconfig !== undefined) {
      config.loadFromFile(kubeconfig);
    } else {
      config.loadFromDefault();
    }
  } catch (error) {
    wrongUse(`The kubeconfig cannot be read: ${(error as Error).message}. Fix: name one with --kubeconfig or KUBECONFIG.`);
  }
  if (context !== undefined) {
    if (!config.getContextObject(context)) {
      const known = config.getContexts().map(one => one.name).join(', ') || 'none';
      wrongUse(`The kubeconfig has no context ${context}. Fix: choose one of: ${known}.`);
    }
    config.setCurrentContext(context);
  }
  return config;
}

/** Connects as the kubeconfig says, with credential plug-ins. */
export async function connect(io: Io, options: ConnectOptions): Promise<Connection> {
  const config = await readKubeconfig(options);
  const cluster = config.getCurrentCluster();
  // What the client makes up when there is no kubeconfig at all.
  if (!cluster || cluster.server === 'http://localhost:8080') {
    wrongUse('There is no kubeconfig, or it names no current context. Fix: name one with --kubeconfig or KUBECONFIG, or choose with --context.');
  }
  await logInHere(io, config, options.login ?? true);
  const sent: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(sent);
  } catch (error) {
    wrongUse(`The kubeconfig's credentials cannot be used: ${(error as Error).message.split('\n')[0]}. Fix: log in again, as for kubectl.`);
  }
  const context = config.getCurrentContext();
  return { server: cluster!.server, options: sent, namespace: config.getContextObject(context)?.namespace || 'default', context };
}

/** Where this program is the context's plug-in, it is not started a second time: there, no terminal would show what it asks. */
async function logInHere(io: Io, config: KubeConfig, login: boolean): Promise<void> {
  const user = config.getCurrentUser();
  const own = loginOf(user?.exec);
  if (!own) return;
  const { token } = await tokenOf(io, own, login);
  config.users = config.users.map(one => one.name === user!.name ? { name: one.name, token } : one);
}

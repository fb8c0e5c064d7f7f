import type { RequestOptions } from 'https';
import { wrongUse } from './errors';

/** Which kubeconfig, as kubectl takes it. */
export interface ConnectOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** The kubeconfig itself, instead of a file. */
  readonly text?: string;
}

/** How the API server is reached, and as whom. */
export interface Connection {
  readonly server: string;
  /** Certificates, headers and agent. */
  readonly options: RequestOptions;
  /** The namespace of the context. */
  readonly namespace: string;
}

/**
 * Reads the kubeconfig as kubectl does (KUBECONFIG, ~/.kube/config, in a pod its ServiceAccount), with credential plug-ins.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */
export async function connect({ kubeconfig, context, text }: ConnectOptions): Promise<Connection> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
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
  const cluster = config.getCurrentCluster();
  // What the client makes up when there is no kubeconfig at all.
  if (!cluster || cluster.server === 'http://localhost:8080') {
    wrongUse('There is no kubeconfig, or it names no current context. Fix: name one with --kubeconfig or KUBECONFIG, or choose with --context.');
  }
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    wrongUse(`The kubeconfig's credentials cannot be used: ${(error as Error).message.split('\n')[0]}. Fix: log in again, as for kubectl.`);
  }
  return { server: cluster!.server, options, namespace: config.getContextObject(config.getCurrentContext())?.namespace || 'default' };
}

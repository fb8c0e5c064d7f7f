import { readKubeconfig } from '../connection';
import { refused } from '../errors';
import type { Io } from '../io';
import type { CommonOptions } from '../session';

const PORT = 2222;

/** Joins standard input and output with sshd in the gateway's pod, by a port-forward of one connection. */
export async function proxy(io: Io, pod: string, options: CommonOptions): Promise<number> {
  const { PortForward } = await import('@kubernetes/client-node');
  const config = await readKubeconfig(options);
  const { stdin, stdout } = process;
  try {
    const socket: any = await new PortForward(config).portForward(options.namespace!, pod, [PORT], stdout, io.stderr as any, stdin);
    const open = typeof socket === 'function' ? socket() : socket;
    return await new Promise(resolve => {
      open.on('close', () => resolve(0));
      stdout.on('error', () => resolve(0));
    });
  } catch (error) {
    return refused(`The gateway's pod cannot be reached: ${(error as Error).message ?? 'the API server refused the port-forward'}. Fix: see whether it still runs: kubectl -n ${options.namespace} get pods`);
  }
}

import { parseArgs } from 'util';
import { LOGIN_FLAGS, LoginOptions } from './settings';
import { wrongUse } from '../errors';
import { plain } from '../text';

/** `exec` of a user in a kubeconfig, as far as it matters here. */
interface ExecPlugin {
  readonly command: string;
  readonly args?: string[];
}

/** How a kubeconfig's user logs in, when this program is the plug-in that does it; undefined when another one is. */
export function loginOf(exec: ExecPlugin | undefined | null): LoginOptions | undefined {
  if (!exec) return undefined;
  const program = exec.command.split(/[\\/]/).pop()!.replace(/\.(exe|cmd|js)$/, '');
  const all = exec.args ?? [];
  const words = program === 'kubectl' && ['secure-debug', 'secure_debug'].includes(all[0]) ? all.slice(1)
    : ['secure-debug', 'kubectl-secure_debug'].includes(program) ? all
      : [];
  if (words[0] !== 'credential') return undefined;
  try {
    const { values } = parseArgs({ args: words.slice(1), options: LOGIN_FLAGS, strict: true });
    const { 'client-id': clientId, 'device-code': deviceCode, 'certificate-authority': certificateAuthority, 'certificate-authority-data': certificateAuthorityData, ...same } = values;
    return { ...same, clientId, deviceCode, certificateAuthority, certificateAuthorityData };
  } catch (error) {
    return wrongUse(`The kubeconfig calls secure-debug credential wrongly: ${plain((error as Error).message.split('. ')[0])}. Fix: get the kubeconfig anew from whoever gave it to you.`);
  }
}

/** The login of a kubeconfig, with what the command line says otherwise. */
export function changed(context: LoginOptions, given: LoginOptions): LoginOptions {
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const { browser, redirect, deviceCode, ...rest } = context;
  // One way of logging in, said here, stands for the other one, said there.
  const way = given.deviceCode ? {} : given.browser || given.redirect !== undefined ? { browser, redirect } : { browser, redirect, deviceCode };
  return { ...rest, ...way, ...said };
}

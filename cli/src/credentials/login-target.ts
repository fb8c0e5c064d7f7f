import { changed, loginOf } from './context-login';
import { LoginOptions, LoginSettings, settingsOf } from './settings';
import { ConnectOptions, readKubeconfig } from '../connection';
import { wrongUse } from '../errors';
import { plain } from '../text';

export interface TargetOptions extends LoginOptions, ConnectOptions {
  readonly json?: boolean;
  readonly wait?: string;
}

/** Where to log in: what the options say, else what the kubeconfig's context says, with single options changed. */
export async function targetOf(options: TargetOptions): Promise<LoginSettings> {
  const { kubeconfig, context, json: _json, wait: _wait, ...given } = options;
  if (given.issuer !== undefined) {
    if (context !== undefined) wrongUse('--issuer and --context contradict each other. Fix: give one; the context says itself where to log in.');
    return settingsOf(given);
  }
  const config = await readKubeconfig({ kubeconfig, context });
  const user = config.getCurrentUser();
  const found = loginOf(user?.exec);
  if (!found) {
    const other = user?.exec ? `logs in by ${plain(String(user.exec.command))}` : 'has no login by secure-debug';
    return wrongUse(`The context ${plain(config.getCurrentContext() || '(none)')} ${other}. Fix: choose another with --context, or give --issuer and --client-id.`);
  }
  return settingsOf(changed(found, given));
}

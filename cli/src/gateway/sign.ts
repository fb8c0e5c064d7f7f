import { execFile } from 'child_process';
import { randomInt } from 'crypto';
import { existsSync, readFileSync } from 'fs';
import { isIP } from 'net';
import { homedir } from 'os';
import { join } from 'path';
import { refused, wrongUse } from '../errors';
import { CommonOptions, Result, Session } from '../session';
import { duration, plain, seconds } from '../text';

interface SignOptions extends CommonOptions {
  readonly authority?: string;
  readonly agent?: boolean;
  readonly key?: string;
  readonly for?: string;
  readonly gateway?: string[];
  readonly from?: string[];
}

const LEAST = 300;
const MOST = 3_600;
const DEFAULT = 1_800;

/**
 * Signs an SSH certificate for the person that the API server knows the caller as. The certificate says no more than what the
 * API server said; who holds the authority's key can sign anything, so it belongs where people cannot reach it.
 */
export async function sign(session: Session, options: SignOptions): Promise<Result> {
  const { authority, agent } = options;
  if (authority === undefined) wrongUse('--authority is missing. Fix: name the file with the key of the authority that gateways trust (userAuthorities), e.g. --authority ./user-authority');
  readable('--authority', authority!);
  const key = options.key ?? join(session.io.env.HOME ?? homedir(), '.ssh', 'id_ed25519.pub');
  readable('--key', key);
  if (!/^(sk-)?(ssh|ecdsa)-[a-z0-9@.-]+ /.test(readFileSync(key, 'utf8'))) wrongUse(`--key ${plain(key)} is no public key. Fix: name the file that ends with .pub; ssh-keygen -t ed25519 makes one.`);
  const time = options.for === undefined ? DEFAULT : seconds('--for', options.for);
  if (time < LEAST || time > MOST) wrongUse(`--for ${duration(time)} is not from 5m to 60m. Fix: --for 30m; sign again when it is over.`);
  for (const block of options.from ?? []) {
    const [address, bits, ...more] = block.split('/');
    if (!isIP(address) || more.length || !/^\d{1,3}$/.test(bits ?? '')) wrongUse(`--from ${plain(block)} is no address block. Fix: write e.g. 10.20.0.0/16.`);
  }
  const gateways = options.gateway ?? ['debug-gateway'];
  for (const name of gateways) if (!/^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/.test(name)) wrongUse(`--gateway ${plain(name)} is no name of a gateway. Fix: write that of its CronJob, e.g. debug-gateway.`);

  const me = await session.whoAmI();
  if (/^system:/i.test(me.name)) refused(`Your kubeconfig is for ${plain(me.name)}, which is no person. Fix: log in as yourself, or choose another context with --context.`);
  const groups = me.groups.filter(group => !/^system:/i.test(group));
  for (const text of [me.name, ...groups]) {
    // ssh-keygen divides the list at commas, and what follows one would be a principal of its own.
    if (/[,\p{Cc}]/u.test(text)) refused(`The name ${plain(text)} contains a comma or a control character, which a certificate cannot hold. Fix: use a gateway's target with another group.`);
  }
  const principals = [...gateways, `user:${me.name}`, ...groups.map(group => `group:${group}`)];
  const serial = randomInt(1, 2 ** 47);
  await keygen(session, [
    '-q', '-s', authority!, ...agent ? ['-U'] : [], '-I', me.name, '-z', String(serial), '-n', principals.join(','), '-V', `-1m:+${Math.floor(time / 60)}m`,
    '-O', 'clear', '-O', 'permit-pty', ...options.from?.length ? ['-O', `source-address=${options.from.join(',')}`] : [], key,
  ]);
  const certificate = key.replace(/(\.pub)?$/, '-cert.pub').replace('.pub-cert.pub', '-cert.pub');
  return {
    data: { certificate, serial: String(serial), user: me.name, groups, gateways, seconds: time },
    text: [
      `${session.paint('green', 'Signed')} ${plain(certificate)} for ${session.paint('bold', plain(me.name))}, for ${duration(time)}, serial ${serial}.`,
      `Go on with:  ${session.line('secure-debug', 'ssh', 'open', ...key.endsWith('id_ed25519.pub') ? [] : ['-i', key.replace(/\.pub$/, '')])}`,
    ].join('\n'),
  };
}

function readable(option: string, file: string): void {
  if (!existsSync(file)) wrongUse(`${option} ${plain(file)} is not there. Fix: name a file that exists.`);
}

function keygen(session: Session, args: string[]): Promise<void> {
  return new Promise((resolve, fail) => {
    execFile('ssh-keygen', args, { env: session.io.env }, (error, _stdout, stderr) => {
      if (!error) return resolve();
      try {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') refused('There is no ssh-keygen on this machine. Fix: install OpenSSH\'s client.');
        refused(`ssh-keygen did not sign: ${plain(stderr.trim().split('\n').at(-1) ?? '')}. Fix: see whether --authority is a private key (or add --agent), and --key a public one.`);
      } catch (known) {
        fail(known);
      }
    });
  });
}

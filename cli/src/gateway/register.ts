import { Option } from 'commander';
import { openGateway } from './open';
import { proxy } from './proxy';
import { replay } from './replay';
import { sign } from './sign';
import { Registration, several } from '../registration';
import { Session } from '../session';

/** ssh … */
export function registerGateway({ root, io, done, command, act, answer }: Registration): void {
  const ssh = root.command('ssh').description('the SSH gateway: certificates, a way in, and recordings').helpCommand(false);
  const gateway = (usage: string, description: string) => command(ssh, usage, description)
    .option('-n, --namespace <namespace>', 'namespace of the gateway (default: debug-gateway)', 'debug-gateway')
    .option('--gateway <name>', 'name of its CronJob (default: debug-gateway)', 'debug-gateway');
  command(ssh, 'sign', 'sign a certificate for whom your kubeconfig says you are, with the key of an authority')
    .option('--authority <file>', 'private key of the authority, or with --agent its public key')
    .option('--agent', 'the authority\'s private key is in ssh-agent')
    .option('--key <file>', 'public key to sign (default: ~/.ssh/id_ed25519.pub)')
    .option('--for <duration>', 'how long, 5m to 60m (default: 30m)')
    .option('--gateway <name>', 'gateway it is for; repeatable (default: debug-gateway)', several)
    .option('--from <block>', 'address block that it works from; repeatable', several)
    .action(options => act(options, session => sign(session, options)));
  gateway('open [command...]', 'start a gateway, or take one that runs, and connect by ssh; a command for it comes after --')
    .option('-i, --identity <file>', 'private key (default: ~/.ssh/id_ed25519)')
    .option('-t, --tty', 'with a terminal (default without a command)')
    .option('--new', 'start one even if one runs')
    .option('--print', 'print the ssh command instead of running it')
    .option('--wait <duration>', 'how long to wait for it to start (default: 2m)')
    .action(async (words, options) => {
      const result = await openGateway(await Session.open(io, options), words, options);
      // After a session, nothing: its output may be the bytes of a file.
      if (options.print || options.json) answer(result, options);
      else done(result.code ?? 0);
    });
  gateway('proxy <pod>', 'join standard input and output with the port of a gateway; for ssh -o ProxyCommand')
    .action(async (pod, options) => done(await proxy(io, pod, options)));
  ssh.command('replay <file>').description('play the recording of a session in the terminal. What audit logs say is held against roles by: secure-debug replay')
    .addOption(new Option('--json', 'print who, what and when as JSON'))
    .option('--speed <factor>', 'how fast (default: 1)')
    .option('--idle <duration>', 'no pause is longer (default: 2s)')
    .option('--all', 'at once, without time and colours')
    .action(async (file, options) => {
      const result = await replay(io, file, options);
      if (result) answer(result, options);
      else done(0);
    });
}

import { Command, Option } from 'commander';
import { credential } from './credential';
import { login } from './login';
import { logout } from './logout';
import { whoAmI } from './whoami';
import { OK } from '../errors';
import { Registration, several } from '../registration';

/** How to log in, as `credential` in a kubeconfig has it too. */
function withLogin(command: Command): Command {
  return command
    .option('--issuer <url>', 'URL of the issuer, as in its discovery document')
    .option('--client-id <id>', 'the public client that the issuer has for kubectl')
    .option('--scope <scope>', 'besides openid; repeatable (default: email, groups)', several)
    .option('--param <name=value>', 'what else to ask the issuer, e.g. acr_values=phrh; repeatable', several)
    .option('--redirect <url>', 'where the browser comes back to, as the issuer has it (default: http://127.0.0.1 with any port)')
    .option('--device-code', 'by a code that is typed on another device')
    .option('--browser', 'start a browser (BROWSER, else the desktop\'s)')
    .option('--certificate-authority <file>', 'authority of the issuer\'s certificate, PEM')
    .addOption(new Option('--certificate-authority-data <base64>', 'the same, as in a kubeconfig').hideHelp());
}

/** login, credential, whoami, logout */
export function registerCredentials({ root, io, done, answer, command, namespaced }: Registration): void {
  withLogin(command(root, 'login', 'log in at the issuer of the context, or at the one named, by a browser'))
    .option('--wait <duration>', 'how long to wait for it (default: 5m)')
    .addHelpText('after', '\nA client secret, where an issuer wants one, is in SECURE_DEBUG_CLIENT_SECRET or the file that SECURE_DEBUG_CLIENT_SECRET_FILE names.')
    .action(async options => answer(await login(io, options), options));
  namespaced('whoami', 'who you are for the API server and for the issuer, until when, and what you were granted')
    .option('--groups-claim <claim>', 'the token\'s claim with the groups (default: the usual ones)')
    .action(async options => answer(await whoAmI(io, options), options));
  withLogin(command(root, 'logout', 'forget a login, and end it at the issuer'))
    .option('--all', 'all logins on this computer')
    .action(async options => answer(await logout(io, options), options));
  withLogin(root.command('credential', { hidden: true }).description('what kubectl runs to get a token: a credential plug-in'))
    .action(async options => {
      io.stdout.write(`${await credential(io, options)}\n`);
      done(OK);
    });
}

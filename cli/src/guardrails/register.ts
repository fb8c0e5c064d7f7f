import { guardrailsOff, guardrailsOn, guardrailStatus } from './guardrails';
import { Registration } from '../registration';

/** guardrails … */
export function registerGuardrails({ root, command, act }: Registration): void {
  const guardrails = root.command('guardrails').description('see, and in an emergency switch, the admission policies').helpCommand(false);
  command(guardrails, 'status [names...]', 'which there are, what they do, and whether they decide')
    .action((names, options) => act(options, session => guardrailStatus(session, names, options)));
  command(guardrails, 'off [names...]', 'let pass and only record; for the administrator of the cluster')
    .option('--reason <text>', 'why; it goes into the audit log')
    .option('--mode <mode>', 'what is left: audit or warn (default: audit)')
    .option('--including-requests', 'also the policies that hold requests to their terms')
    .action((names, options) => act(options, session => guardrailsOff(session, names, options)));
  command(guardrails, 'on [names...]', 'as before they were turned off')
    .option('--reason <text>', 'why')
    .option('--mode <mode>', 'deny, warn or audit instead')
    .action((names, options) => act(options, session => guardrailsOn(session, names, options)));
}

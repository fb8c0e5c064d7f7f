import { Option } from 'commander';
import { checkPolicies, policySchema, synthPolicy } from './policy';
import { Registration } from '../registration';

/** policy … */
export function registerPolicy({ root, answer }: Registration): void {
  const policy = root.command('policy').description('the broker policy, a JSON file in Git; no cluster is asked').helpCommand(false);
  const offline = (usage: string, description: string) => policy.command(usage).description(description).addOption(new Option('--json', 'print JSON'));
  offline('check <files...>', 'say what is wrong, by line and column').action((files, options) => answer(checkPolicies(files), options));
  offline('synth <file>', 'print the objects that it becomes, as YAML').action((file, options) => answer(synthPolicy(file), options));
  offline('schema', 'print the JSON Schema, for editors').action(options => answer(policySchema(), options));
}

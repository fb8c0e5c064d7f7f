import { reject } from '../private/errors';
import { text } from '../private/validate';

/** The last words of a name that is a secret's: `--client-secret`, `AWS_SECRET_ACCESS_KEY`; not `--token-cache-dir`. */
const SECRET_NAME = /(^|[-_.])(secret|password|passwd|passphrase|pwd|token|bearer|credential|credentials|api-?_?key|access-?_?key|secret-?_?key|private-?_?key)$/i;
/** Tokens and keys by their look: JWT, AWS, GitHub, GitLab, Slack, Google, PEM. */
const SECRET_VALUE = /eyJ[\w-]{8,}\.[\w-]{8,}|\b(AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abp]-[\w-]{10,}|\bAIza[\w-]{30,}|PRIVATE KEY|:\/\/[^/\s:@]+:[^/\s@]+@/;

const FIX = 'leave it out: the plugin gets what it needs by itself, and this file is given to everybody';

/** Refuses what is a secret by its name or its look; the value is not shown. */
function refuseSecret(where: string, field: string, name: string): never {
  return reject({ where, field, value: name, problem: 'is a secret, and a kubeconfig is no place for one', fix: FIX });
}

/** The arguments of a credential plugin: text, and no secret among them. */
export function plainArguments(where: string, args: string[]): string[] {
  if (!Array.isArray(args)) reject({ where, field: 'args', value: args, problem: 'is not a list', fix: 'give each argument by itself, e.g. ["--cluster=prod", "--ttl=30m"]' });
  args.forEach((arg, i) => {
    const field = `args[${i}]`;
    if (typeof arg === 'string' && SECRET_VALUE.test(arg)) refuseSecret(where, field, '(not shown)');
    text(where, field, arg, 'an argument such as "--ttl=30m"', 4096);
    const [name, value] = arg.split(/=(.*)/s);
    const flag = name.startsWith('-');
    // `--token x` is two arguments; a flag at the end, or one that is followed by another, has no value.
    const separate = value === undefined && args[i + 1] !== undefined && !args[i + 1].startsWith('-');
    if (flag && SECRET_NAME.test(name) && (value || separate)) refuseSecret(where, field, name);
  });
  return [...args];
}

/** The environment of a credential plugin, sorted by name. */
export function plainEnvironment(where: string, env: { [name: string]: string }): { name: string; value: string }[] {
  return Object.entries(env).map(([name, value]) => {
    const field = `env.${name}`;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) reject({ where, field: 'env', value: name, problem: 'is not the name of an environment variable', fix: 'use letters, digits and "_"' });
    if (SECRET_NAME.test(name) || (typeof value === 'string' && SECRET_VALUE.test(value))) refuseSecret(where, field, name);
    return { name, value: text(where, field, value, 'the value of an environment variable', 4096) };
  }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

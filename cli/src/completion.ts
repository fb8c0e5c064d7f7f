import type { Command } from 'commander';
import { wrongUse } from './errors';

/** A command with the words that may follow it. */
interface Node {
  readonly path: string;
  readonly commands: { readonly name: string; readonly description: string }[];
  readonly options: { readonly flag: string; readonly description: string; readonly value: boolean }[];
}

/** The completion script of a shell, written from the commands themselves. */
export function completion(shell: string, root: Command): string {
  const nodes = tree(root, '');
  switch (shell) {
    case 'bash': return bash(nodes);
    case 'zsh': return `#compdef secure-debug\nautoload -U +X bashcompinit && bashcompinit\n${bash(nodes)}`;
    case 'fish': return fish(nodes);
    default: return wrongUse(`There is no completion for ${shell}. Fix: use bash, zsh or fish.`);
  }
}

function tree(command: Command, path: string): Node[] {
  const commands = command.commands.map(one => ({ name: one.name(), description: one.description() }));
  const options = command.options.flatMap(({ long, short, description, required, optional }) =>
    [long, short].flatMap(flag => flag ? [{ flag, description, value: required || optional }] : []));
  return [{ path, commands, options }, ...command.commands.flatMap(one => tree(one, path ? `${path} ${one.name()}` : one.name()))];
}

/** The current context's namespaces, if kubectl is there and may list them. */
const NAMESPACES = 'kubectl get namespaces -o name 2>/dev/null | sed s,^namespace/,,';

function bash(nodes: Node[]): string {
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`).join('|');
  const cases = nodes.map(({ path, commands, options }) => {
    const words = [...commands.map(({ name }) => name), ...options.map(({ flag }) => flag).filter(flag => flag.startsWith('--'))];
    return `    '${path}') words='${words.join(' ')}' ;;`;
  });
  return `_secure_debug() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path='' words='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case "\${path:+$path }$word" in
      ${paths}) path="\${path:+$path }$word" ;;
    esac
  done
  case $prev in
    -n|--namespace) COMPREPLY=($(compgen -W "$(${NAMESPACES})" -- "$cur")); return ;;
    --context) COMPREPLY=($(compgen -W "$(kubectl config get-contexts -o name 2>/dev/null)" -- "$cur")); return ;;
    --kubeconfig) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    completion) words='bash zsh fish' ;;
  esac
  [ -n "$words" ] || case $path in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _secure_debug secure-debug
`;
}

function fish(nodes: Node[]): string {
  const quote = (text: string) => `'${text.replace(/\\/g, '\\\\').replace(/'/g, '\\\'')}'`;
  const lines = nodes.flatMap(({ path, commands, options }) => {
    const names = path === '' ? [] : path.split(' ');
    const inside = names.map(name => `__fish_seen_subcommand_from ${name}`);
    const outside = commands.length ? [`not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(' ')}`] : [];
    const when = quote([...inside, ...outside].join('; and ') || 'true');
    return [
      ...commands.map(({ name, description }) => `complete -c secure-debug -f -n ${when} -a ${name} -d ${quote(description)}`),
      ...options.filter(({ flag }) => flag.startsWith('--')).map(({ flag, description, value }) => {
        const values = flag === '--namespace' ? ` -a ${quote(`(${NAMESPACES})`)}` : flag === '--context' ? ' -a \'(kubectl config get-contexts -o name 2>/dev/null)\'' : '';
        return `complete -c secure-debug -n ${when} -l ${flag.slice(2)}${value ? ` -x${values}` : ''} -d ${quote(description)}`;
      }),
    ];
  });
  return `${['complete -c secure-debug -f', ...lines, 'complete -c secure-debug -f -n \'__fish_seen_subcommand_from completion\' -a \'bash zsh fish\''].join('\n')}\n`;
}

import { Argument, plain } from './argument';
import { quoted } from '../model/cel';
import { reject } from '../private/errors';

const where = 'Command';

/** Programs that run another one, or whatever they are told: who may run one of these may run anything. */
const RUNS_ANYTHING = new Set([
  'ash', 'awk', 'bash', 'busybox', 'chroot', 'csh', 'dash', 'ed', 'emacs', 'env', 'ex', 'expect', 'fish', 'gawk', 'gdb', 'git', 'ksh', 'less', 'lua', 'make', 'man', 'mawk',
  'more', 'nano', 'nawk', 'nice', 'node', 'nohup', 'nsenter', 'perl', 'php', 'powershell', 'pwsh', 'python', 'rbash', 'ruby', 'runuser', 'rview', 'rvim', 'script', 'sed',
  'setsid', 'sh', 'socat', 'ssh', 'stdbuf', 'strace', 'su', 'sudo', 'tclsh', 'tcsh', 'time', 'timeout', 'tmux', 'toybox', 'unshare', 'vi', 'view', 'vim', 'watch', 'xargs', 'zsh',
]);

/** Arguments by which a program that is harmless otherwise runs another. */
const RUNS_BY_ARGUMENT: { [program: string]: RegExp } = {
  find: /^-(exec|ok)/, tar: /^--?(to-command|checkpoint-action|use-compress-program|rsh-command|I)/, curl: /^(-K|--config)/, ip: /^(netns|-b|-batch)/,
};

/** One command that may be run in a container: the words of an exec, without a shell between them. */
export class Command {
  /**
   * Exactly these words, e.g. `Command.exact('ls', '-l')`.
   *
   * @throws when there is none, on an empty program, and on control characters
   */
  public static exact(...argv: string[]): Command {
    return new Command(words('exact', argv), []);
  }

  /**
   * These words, followed by arguments of a kind, e.g.
   * `Command.withArguments(['tail', '-n', '100'], [Argument.pathBelow('/var/log')])`.
   *
   * @param argv the words that are fixed
   * @param rest what follows them, in order
   * @throws when there are no words or no arguments, and on control characters
   */
  public static withArguments(argv: string[], rest: Argument[]): Command {
    const at = `${where}.withArguments`;
    rest.forEach((argument, i) => {
      if (!(argument instanceof Argument)) reject({ where: at, field: `rest[${i}]`, value: argument, problem: 'is no Argument', fix: 'use Argument.pathBelow("/var/log"), Argument.word() and so on' });
    });
    if (rest.length === 0) reject({ where: at, field: 'rest', value: rest, problem: 'is empty', fix: 'give the arguments that may follow, or use Command.exact' });
    return new Command(words('withArguments', argv), rest);
  }

  private constructor(
    /** The words that are fixed. */
    public readonly argv: string[],
    private readonly rest: Argument[],
  ) {}

  /**
   * The program that would run whatever it is told, such as a shell; undefined when there is none. It is looked for by
   * name, in any directory: what the image has under that name is not known.
   */
  public get runsAnything(): string | undefined {
    const [program, ...args] = this.argv;
    // python3.11 is python.
    const name = program.slice(program.lastIndexOf('/') + 1).replace(/[0-9.]+$/, '').toLowerCase();
    if (RUNS_ANYTHING.has(name) || RUNS_ANYTHING.has(program)) return program;
    return args.some(arg => RUNS_BY_ARGUMENT[name]?.test(arg)) ? program : undefined;
  }

  /** As a reviewer reads it, e.g. `tail -n 100 /var/log/…`. */
  public toString(): string {
    return [...this.argv.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))), ...this.rest].join(' ');
  }

  /**
   * As a broker policy writes it.
   *
   * @internal
   */
  public _toJson(): any {
    return { argv: [...this.argv], ...this.rest.length && { arguments: this.rest.map(argument => argument._toJson()) } };
  }

  /**
   * The words when nothing may follow them; a policy looks them up in a list.
   *
   * @internal
   */
  public get _exact(): string[] | undefined {
    return this.rest.length === 0 ? this.argv : undefined;
  }

  /**
   * RE2 of the words, joined by line ends.
   *
   * @internal
   */
  public get _pattern(): string {
    return `${this.argv.map(quoted).join('\\n')}${this.rest.map(argument => argument._pattern).join('')}`;
  }
}

function words(method: string, argv: string[]): string[] {
  const at = `${where}.${method}`;
  if (!Array.isArray(argv) || argv.length === 0) reject({ where: at, field: 'argv', value: argv, problem: 'is empty', fix: 'give the words of the command, e.g. "ls", "-l"' });
  argv.forEach((word, i) => plain(at, `argv[${i}]`, word));
  if (argv[0].trim() === '') reject({ where: at, field: 'argv[0]', value: argv[0], problem: 'is no program', fix: 'give the name or path of the program first' });
  if (argv.length === 1 && /\s/.test(argv[0])) {
    reject({ where: at, field: 'argv[0]', value: argv[0], problem: 'is one word with blanks in it, and no shell divides it', fix: `write ${argv[0].trim().split(/\s+/).map(word => JSON.stringify(word)).join(', ')}` });
  }
  return [...argv];
}

import { Argument, plain } from './argument';
import { quoted } from '../model/cel';
import { reject } from '../private/errors';

const where = 'Command';

/** Programs that run another one, or whatever they are told: who may run one of these may run anything. */
const RUNS_ANYTHING = new Set([
  'ash', 'at', 'awk', 'bash', 'batch', 'bun', 'busybox', 'capsh', 'chroot', 'chrt', 'crictl', 'crontab', 'csh', 'ctr', 'dash', 'deno', 'dlv', 'doas', 'docker', 'dumb-init', 'ed', 'elvish', 'emacs', 'env', 'ex',
  'expect', 'fish', 'flock', 'gawk', 'gdb', 'gdbserver', 'git', 'gosu', 'ionice', 'irb', 'jshell', 'ksh', 'kubectl', 'less', 'lldb', 'ltrace', 'lua', 'luajit', 'make', 'man', 'mawk', 'micropython', 'mksh',
  'more', 'nano', 'nawk', 'nerdctl', 'nice', 'node', 'nodejs', 'nohup', 'npm', 'npx', 'nsenter', 'nu', 'numactl', 'oksh', 'original-awk', 'parallel', 'perf', 'perl', 'php', 'podman',
  'posh', 'powershell', 'pwsh', 'pypy', 'python', 'rbash', 'ruby', 'run-parts', 'runc', 'runuser', 'rview', 'rvim', 'screen', 'script', 'sed', 'setarch', 'setpriv', 'setsid', 'sh', 'socat', 'ssh',
  'start-stop-daemon', 'stdbuf', 'strace', 'su', 'su-exec', 'sudo', 'systemd-run', 'taskset', 'tclsh', 'tcsh', 'time', 'timeout', 'tini', 'tmux', 'toybox', 'unshare', 'vi', 'view', 'vim', 'vimdiff', 'watch',
  'xargs', 'yash', 'zsh',
]);

/** The dynamic loader runs the program that it is given. */
const LOADER = /^ld(-linux.*|-musl.*)?\.so/;

/** Arguments by which a program that is harmless otherwise runs another; GNU takes long ones by their first letters. */
const RUNS_BY_ARGUMENT: { [program: string]: RegExp } = {
  find: /^-(exec|ok)/,
  tar: /^(--(to-c|checkpoint-a|use-c|rsh|rmt|info-s|new-v)|-[A-Za-z]*[IF])/,
  curl: /^(-[A-Za-z]*K|--conf)/,
  ip: /^(netns|vrf|-b|-batch)/,
  nc: /^-[A-Za-z]*[ec]/,
  ncat: /^(-[A-Za-z]*[ec]|--(sh-|lua-)?exec)/,
  netcat: /^-[A-Za-z]*[ec]/,
  rsync: /^(-[A-Za-z]*e|--rsh|--rsync-path)/,
  tcpdump: /^(-[A-Za-z]*z|--postrotate)/,
};

/** How distributions call variants of a program: python3.11, gawk-5.1.0, vim.tiny, busybox.static, sh.distrib. */
const VARIANT = /([-.](tiny|basic|nox|gtk3?|static|distrib|dbg|debug|minimal|exe)|[-.]?[0-9][0-9.]*)$/;

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
    const file = program.slice(program.lastIndexOf('/') + 1).toLowerCase();
    let name = file;
    while (!RUNS_ANYTHING.has(name) && VARIANT.test(name)) name = name.replace(VARIANT, '');
    if (RUNS_ANYTHING.has(name) || LOADER.test(file)) return program;
    // tar takes its first word for options, with a dash or without.
    const given = name === 'tar' ? args.map((arg, i) => (i === 0 && !arg.startsWith('-') ? `-${arg}` : arg)) : args;
    return given.some(arg => RUNS_BY_ARGUMENT[name]?.test(arg)) ? program : undefined;
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

import * as fc from 'fast-check';
import { Argument, Command, CommandSet } from '../../src';
import { quoted } from '../../src/model/cel';
import { refusal } from '../private/refusal';

/** RE2 and JavaScript agree on what is used here once `\x{…}` is `\u{…}`; the cluster's tests ask RE2 itself. */
const matches = (command: Command, argv: string[]) =>
  !argv.some(word => word.includes('\n')) && new RegExp(`^(?:${command._pattern.replace(/\\x\{/g, '\\u{')})$`, 'u').test(argv.join('\n'));

describe('a command', () => {
  it('allows its words and no other', () => {
    const command = Command.exact('ls', '-l');
    expect(matches(command, ['ls', '-l'])).toBe(true);
    for (const argv of [['ls'], ['ls', '-l', '/'], ['ls', '-l', ''], ['ls -l'], ['/bin/ls', '-l'], ['busybox', 'ls', '-l'], ['ls', '-L'], ['', 'ls', '-l']]) {
      expect({ argv, allowed: matches(command, argv) }).toEqual({ argv, allowed: false });
    }
  });

  it.each<[string, Argument, string[][], string[][]]>([
    ['one of', Argument.oneOf('a.b', 'c|d'), [['a.b'], ['c|d']], [['axb'], ['c'], ['d'], ['a.b', 'a.b'], []]],
    ['a word', Argument.word(), [['web-0.web:8080'], ['7']], [['-rf'], [''], ['a b'], ['a/b'], ['$(id)'], ['`id`'], ['a;b'], ['é']]],
    ['a number', Argument.number(), [['0'], ['123456789']], [['1234567890'], ['-1'], ['1.5'], ['']]],
    ['a path below', Argument.pathBelow('/var/log'), [['/var/log'], ['/var/log/app/out.log']],
      [['/var/logs'], ['/var/log/'], ['/var/log/../lib'], ['/var/log/..'], ['/var/log/.hidden'], ['/var/log//x'], ['/var/log/-x'], ['var/log'], ['/var/log/a b'], ['/var/lo']]],
    ['any path', Argument.path(), [['/'], ['/etc/hosts']], [['etc'], ['/etc/../x'], ['/etc/'], ['-la'], ['~'], ['']]],
    ['an optional one', Argument.word().optional(), [[], ['a']], [['a', 'b']]],
    ['a repeated one', Argument.word().repeated(3), [['a'], ['a', 'b', 'c']], [[], ['a', 'b', 'c', 'd'], ['a', '-x']]],
    ['an optional one that may be repeated', Argument.word().optional().repeated(2), [[], ['a'], ['a', 'b']], [['a', 'b', 'c']]],
  ])('takes %s', (_what, argument, good, bad) => {
    const command = Command.withArguments(['do', '-x'], [argument]);
    for (const rest of good) expect({ rest, allowed: matches(command, ['do', '-x', ...rest]) }).toEqual({ rest, allowed: true });
    for (const rest of bad) expect({ rest, allowed: matches(command, ['do', '-x', ...rest]) }).toEqual({ rest, allowed: false });
  });

  it('does not take a word with a line end for two words', () => {
    expect(matches(Command.exact('ls', '-l'), ['ls\n-l'])).toBe(false);
    expect(matches(Command.withArguments(['cat'], [Argument.word().repeated(2)]), ['cat', 'a\nb'])).toBe(false);
  });

  it('keeps every text literal in a pattern', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }), (text, other) => {
      const pattern = new RegExp(`^(?:${quoted(text).replace(/\\x\{/g, '\\u{')})$`, 'u');
      expect(pattern.test(text)).toBe(true);
      expect(pattern.test(other)).toBe(text === other);
    }));
  });

  it('reads as a person would write it', () => {
    expect(Command.exact('ls', '-l').toString()).toBe('ls -l');
    expect(Command.exact('echo', 'a b', '"').toString()).toBe('echo "a b" "\\""');
    expect(Command.withArguments(['tail'], [Argument.oneOf('-f').optional(), Argument.pathBelow('/var/log').repeated(2)]).toString()).toBe('tail [-f] /var/log/… ×2');
  });
});

describe('a command that runs whatever it is told', () => {
  it.each([
    'sh', '/bin/sh', 'bash', 'BASH', 'busybox', 'env', 'python3', 'python3.11', '/usr/bin/perl', 'node', 'nsenter', 'xargs', 'awk', 'vi', 'less', 'timeout', 'sudo', 'chroot', 'script', 'nodejs', 'vim.tiny', 'busybox.static', 'gawk-5.1.0',
    'python3.11-dbg', 'sh.distrib', 'bash5.2', 'su-exec', 'flock', 'setpriv', 'kubectl', '/lib64/ld-linux-x86-64.so.2', '/lib/ld-musl-x86_64.so.1',
  ])('%s is known', program => expect(Command.exact(program, 'x').runsAnything).toBe(program));

  it.each([[['find', '/', '-exec', 'id', ';']], [['find', '/', '-execdir', 'id', ';']], [['tar', 'cf', '-', '--to-command=sh', '/']], [['tar', '--checkpoint-action=exec=sh', '/']],
    [['tar', '--use-comp=sh', '-cf', '-', '/']], [['tar', 'cIf', 'sh', '-', '/']], [['tar', '-xFf', 'sh', '-']], [['ip', 'vrf', 'exec', 'x', 'sh']],
    [['nc', '-le', 'sh']], [['ncat', '--sh-exec', 'id']], [['tcpdump', '-z', 'sh']], [['rsync', '-e', 'sh', 'a:b']]])(
    '%j is known by its arguments', argv => expect(Command.exact(...argv).runsAnything).toBe(argv[0]));

  it.each([[['find', '/var/log']], [['tar', 'cf', '-', '/var/log']], [['tar', 'tvf', '/x.tar', 'INDEX']], [['nc', '-zv', 'db', '5432']], [['tcpdump', '-i', 'any', '-w', '-']], [['ip', 'addr']], [['ls']], [['cat', 'sh']], [['top', '-b']], [['md5sum']]])('%j does not', argv => expect(Command.exact(...argv).runsAnything).toBeUndefined());
});

describe('a wrong command is refused', () => {
  it.each<[string, () => unknown, string]>([
    ['nothing', () => Command.exact(), 'Command.exact: argv = [] is empty. Fix: give the words of the command, e.g. "ls", "-l".'],
    ['an empty program', () => Command.exact('', 'x'), 'Command.exact: argv[0] = "" is no program. Fix: give the name or path of the program first.'],
    ['a line for a shell', () => Command.exact('ls -l /'), 'Command.exact: argv[0] = "ls -l /" is one word with blanks in it, and no shell divides it. Fix: write "ls", "-l", "/".'],
    ['a line end', () => Command.exact('ls', 'a\nb'), 'Command.exact: argv[1] = "a\\nb" contains control characters, line ends, or invisible or broken characters. Fix: give it as one line of text.'],
    ['a mark that hides how it is read', () => Command.exact('cat', '/etc/\u202ehosts'), 'Command.exact: argv[1] = "/etc/\\u202ehosts" contains control characters, line ends, or invisible or broken characters. Fix: give it as one line of text.'],
    ['a blank of no width', () => Command.exact('l\u200bs'), 'Command.exact: argv[0] = "l\\u200bs" contains control characters, line ends, or invisible or broken characters. Fix: give it as one line of text.'],
    ['what stands for broken bytes', () => Command.exact('ls', '\ufffd'), 'Command.exact: argv[1] = "\ufffd" contains control characters, line ends, or invisible or broken characters. Fix: give it as one line of text.'],
    ['half a character', () => Command.exact('ls', '\ud800'), 'Command.exact: argv[1] = "\\ud800" contains control characters, line ends, or invisible or broken characters. Fix: give it as one line of text.'],
    ['what is no text', () => Command.exact('ls', 5 as any), 'Command.exact: argv[1] = 5 is not text. Fix: give a text.'],
    ['arguments that are texts', () => Command.withArguments(['ls'], ['/'] as any),
      'Command.withArguments: rest[0] = "/" is no Argument. Fix: use Argument.pathBelow("/var/log"), Argument.word() and so on.'],
    ['no arguments', () => Command.withArguments(['ls'], []), 'Command.withArguments: rest = [] is empty. Fix: give the arguments that may follow, or use Command.exact.'],
    ['no values', () => Argument.oneOf(), 'Argument.oneOf: values = [] is empty. Fix: give the values that are allowed.'],
    ['a relative directory', () => Argument.pathBelow('var/log'),
      'Argument.pathBelow: directory = "var/log" is not an absolute directory of plain names. Fix: write one such as "/var/log"; for every path use Argument.path().'],
    ['a directory above', () => Argument.pathBelow('/var/../etc'),
      'Argument.pathBelow: directory = "/var/../etc" is not an absolute directory of plain names. Fix: write one such as "/var/log"; for every path use Argument.path().'],
    ['the root', () => Argument.pathBelow('/'), 'Argument.pathBelow: directory = "/" is not an absolute directory of plain names. Fix: write one such as "/var/log"; for every path use Argument.path().'],
    ['once as a repetition', () => Argument.word().repeated(1), 'Argument.repeated: times = 1 is no number of times. Fix: give a whole number from 2 to 32.'],
    ['a hundred times', () => Argument.word().repeated(100), 'Argument.repeated: times = 100 is no number of times. Fix: give a whole number from 2 to 32.'],
  ])('%s', (_what, make, told) => expect(refusal(make)).toBe(told));
});

describe('a command set', () => {
  const ls = Command.exact('ls');
  it.each<[string, () => unknown, string]>([
    ['without commands', () => new CommandSet('x', { commands: [] }), 'CommandSet: commands = [] is empty, so "x" would allow nothing. Fix: give at least one, e.g. Command.exact("ls", "-l").'],
    ['with texts', () => new CommandSet('x', { commands: ['ls'] as any }), 'CommandSet: commands[0] = "ls" is no Command. Fix: use Command.exact("ls", "-l") or Command.withArguments(…).'],
    ['with a command twice', () => new CommandSet('x', { commands: [ls, Command.exact('ls')] }), 'CommandSet: commands[1] = "ls" is listed twice. Fix: remove one of the two.'],
    ['with a shell and no word about it', () => new CommandSet('x', { commands: [ls, Command.exact('busybox', 'ls')] }),
      'CommandSet: commands[1] = "busybox ls" runs whatever "busybox" is told, so the other commands of the set would mean nothing. Fix: leave it out, or give shellReason if a shell is meant.'],
    ['with a reason for a shell that is not there', () => new CommandSet('x', { commands: [ls], shellReason: 'why not' }),
      'CommandSet: shellReason = "why not" is given, and the set contains no shell. Fix: leave it out.'],
    ['with a name that is no label', () => new CommandSet('My set', { commands: [ls] }),
      'CommandSet: name = "My set" is not a DNS label (lower-case letters, digits and "-", beginning and ending with a letter or digit). Fix: write a name such as "diagnostics".'],
    ['with a wildcard as name', () => new CommandSet('*', { commands: [ls] }), 'CommandSet: name = "*" is a wildcard. Fix: list each one by its name.'],
  ])('%s is refused', (_what, make, told) => expect(refusal(make)).toBe(told));

  it('says what it contains, in order, whatever the order it was written in', () => {
    expect(new CommandSet('x', { commands: [Command.exact('ps'), ls] }).toString()).toBe('x: ls, ps');
  });

  it('diagnostics contain no shell, no environment and no file of somebody\'s choice', () => {
    const { commands, tty, stdin } = CommandSet.readOnlyDiagnostics();
    expect(commands.filter(command => command.runsAnything !== undefined)).toEqual([]);
    expect({ tty, stdin }).toEqual({ tty: false, stdin: false });
    for (const argv of [['env'], ['printenv'], ['cat', '/proc/1/environ'], ['cat', '/etc/shadow'], ['cat', '/etc/hosts', '/etc/shadow'], ['ls', '-la', '/', '/x'], ['nslookup', '-debug']]) {
      expect({ argv, allowed: commands.some(command => matches(command, argv)) }).toEqual({ argv, allowed: false });
    }
  });

  it('copying from a directory is the tar of kubectl cp, and not another', () => {
    const [command] = CommandSet.copyFrom('/var/log').commands;
    expect(matches(command, ['tar', 'cf', '-', '/var/log/app'])).toBe(true);
    for (const argv of [['tar', 'cf', '-', '/etc'], ['tar', 'cf', '-', '/var/log/../../etc'], ['tar', 'cf', '-', '--to-command=sh', '/var/log'], ['tar', 'xmf', '-', '-C', '/var/log']]) {
      expect(matches(command, argv)).toBe(false);
    }
  });
});

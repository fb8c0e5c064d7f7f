import { Argument, Command, CommandSet, DebugImage, DebugImageProps } from '../../src';
import { refusal } from '../private/refusal';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const GOOD: DebugImageProps = { repository: 'docker.io/library/busybox', tags: ['1.36'], commands: [Command.exact('id')] };
const make = (props: any) => new DebugImage('busybox', { ...GOOD, ...props });

describe('a debug image', () => {
  it('is named as kubectl has to name it: tags, digests, and each tag with each digest', () => {
    expect(make({ tags: ['1.37', '1.36'], digests: [DIGEST] }).references).toEqual([
      'docker.io/library/busybox:1.36',
      `docker.io/library/busybox:1.36@${DIGEST}`,
      'docker.io/library/busybox:1.37',
      `docker.io/library/busybox:1.37@${DIGEST}`,
      `docker.io/library/busybox@${DIGEST}`,
    ]);
    expect(make({ tags: undefined, digests: [DIGEST] }).references).toEqual([`docker.io/library/busybox@${DIGEST}`]);
  });

  it.each(['docker.io/library/busybox', 'localhost/tools', 'localhost:5000/tools', 'registry.example:8443/a/b-c/d__e', 'ghcr.io/nicolaka/netshoot', '10.0.0.1/tools', 'r:5000/x'])(
    '%s is a repository', repository => expect(make({ repository }).references).toEqual([`${repository}:1.36`]));

  it('reads as a reviewer reads it', () => {
    expect(String(make({ commands: [Command.withArguments(['tail'], [Argument.pathBelow('/var/log')]), Command.exact('id')] })))
      .toBe('busybox (docker.io/library/busybox:1.36): id, tail /var/log/…');
    expect(String(make({ commands: undefined, ownEntrypoint: true, shellReason: 'tools' }))).toBe('busybox (docker.io/library/busybox:1.36): its own entrypoint');
  });

  it('keeps each reason for a shell once, those of its sets too', () => {
    const image = make({ commands: [Command.exact('sh')], ownEntrypoint: true, shellReason: 'tools', commandSets: [CommandSet.shell(), CommandSet.readOnlyDiagnostics()] });
    expect(image.shellReasons).toEqual(['an interactive shell is what this set is for', 'tools']);
    expect(make({}).shellReasons).toEqual([]);
  });

  it('is the same in whatever order it is written', () => {
    const build = (turn: <T>(items: T[]) => T[]) => make({
      tags: turn(['a', 'b']),
      digests: turn([DIGEST, DIGEST.replace(/0/g, '1')]),
      commands: turn([Command.exact('id'), Command.exact('ls')]),
      commandSets: turn([CommandSet.shell(), CommandSet.readOnlyDiagnostics()]),
      env: turn(['LANG', 'TZ']),
      capabilities: turn(['NET_RAW', 'SYS_PTRACE']),
    });
    const [one, other] = [build(items => items), build(items => [...items].reverse())];
    const parts = (image: DebugImage) => [String(image), image.references, image.env, image.capabilities, image._running('r'), image._allowsExtras([]), image._extras];
    expect(parts(one)).toEqual(parts(other));
  });
});

describe('what may run, as CEL', () => {
  const command = (props: any) => make(props)._running('all').map((one: { running: string; permits: string }) => one);

  it('takes words that stand in command, or in both, and never in args alone', () => {
    expect(command({})).toEqual([{ running: 'all.filter(c, (c.command.size() > 0) && (c.argv in [["id"]]))', permits: '(!(\'-t\' in c.asks)) && (!(\'-i\' in c.asks))' }]);
  });
  it('takes them in args alone where the image has no entrypoint', () => {
    expect(command({ argumentsAreCommand: true })[0].running).toBe('all.filter(c, c.argv in [["id"]])');
  });
  it('takes no words at all only for the image\'s own entrypoint', () => {
    expect(command({ ownEntrypoint: true, shellReason: 'x' })[0].running).toContain('c.argv.size() == 0');
    expect(command({})[0].running).not.toContain('argv.size()');
  });
  it('keeps terminal and input to the sets that have them', () => {
    const pairs = command({ commandSets: [CommandSet.shell()] });
    expect(pairs).toHaveLength(2);
    expect(pairs[1]).toEqual({ running: expect.stringContaining('["/bin/sh"]'), permits: 'true' });
    expect(pairs[0].running).not.toContain('sh');
  });
  it('adds capabilities to those of the level, and none to a level that has all', () => {
    expect(make({ capabilities: ['SYS_PTRACE'] })._allowsExtras(['CHOWN'])).toContain('c.capabilities.all(name, name in ["CHOWN", "SYS_PTRACE"])');
    expect(make({ capabilities: ['SYS_PTRACE'] })._allowsExtras(undefined)).not.toContain('capabilities');
  });
  it('mounts nothing outside /mnt, volumes or not', () => {
    expect(make({})._allowsExtras([])).toContain('(c.shadows.size() == 0) && (c.volumes.size() == 0)');
    expect(make({ volumes: true })._allowsExtras([])).toContain('c.shadows.size() == 0');
    expect(make({ volumes: true })._allowsExtras([])).not.toContain('c.volumes');
  });
});

describe('wrong input is refused', () => {
  it.each<[string, any, string | RegExp]>([
    ['neither tag nor digest', { tags: undefined }, 'tags = undefined is missing, and so is digests: any image of the repository would do. Fix: give at least one tag or digest.'],
    [':latest', { tags: ['1.36', 'latest'] }, 'tags[1] = "latest" means whatever was pushed last. Fix: give the tag of a version, or a digest.'],
    ['no tag in the list', { tags: [] }, 'tags = [] is empty. Fix: give at least one tag.'],
    ['a tag twice', { tags: ['1.36', '1.36'] }, 'tags[1] = "1.36" is listed twice. Fix: remove one of the two.'],
    ['a tag with a digest in it', { tags: [`1.36@${DIGEST}`] }, /^tags\[0\] = .* is not a tag\. Fix: write one such as "1\.36"\.$/],
    ['a wildcard as tag', { tags: ['*'] }, 'tags[0] = "*" is not a tag. Fix: write one such as "1.36".'],
    ['a number as tag', { tags: [1.36] }, 'tags[0] = 1.36 is not a tag. Fix: write one such as "1.36".'],
    ['a short digest', { digests: ['sha256:abc'] }, 'digests[0] = "sha256:abc" is not a digest. Fix: write sha256: and 64 hexadecimal digits in lower case.'],
    ['a digest in capitals', { digests: [DIGEST.toUpperCase()] }, /is not a digest/],
    ['a repository without a registry', { repository: 'busybox' },
      'repository = "busybox" names no registry, so each node decides where it is pulled from. Fix: write it in full, e.g. "docker.io/library/busybox".'],
    ['a repository of a user without a registry', { repository: 'nicolaka/netshoot' },
      'repository = "nicolaka/netshoot" names no registry, so each node decides where it is pulled from. Fix: write it in full, e.g. "docker.io/nicolaka/netshoot".'],
    ['a repository with a tag', { repository: 'docker.io/library/busybox:1.36' }, 'repository = "docker.io/library/busybox:1.36" contains a tag or a digest. Fix: write these into tags or digests.'],
    ['a repository with a digest', { repository: `docker.io/library/busybox@${DIGEST}` }, /contains a tag or a digest\. Fix: write these into tags or digests\.$/],
    ['a URL', { repository: 'https://docker.io/library/busybox' }, 'repository = "https://docker.io/library/busybox" is no repository of images. Fix: write registry/repository, e.g. "docker.io/library/busybox".'],
    ['capitals in a repository', { repository: 'docker.io/Library/busybox' }, /is no repository of images/],
    ['a wildcard in a repository', { repository: 'docker.io/*' }, /is no repository of images/],
    ['a registry alone', { repository: 'docker.io' }, /^repository = "docker\.io" names no registry/],
    ['a repository that ends in a slash', { repository: 'docker.io/library/' }, /is no repository of images/],
    ['no repository', { repository: undefined }, 'repository = undefined is empty. Fix: give a repository such as "docker.io/library/busybox".'],
    ['nothing that may run', { commands: undefined }, 'commands = undefined is missing, so nothing could run in "busybox". Fix: give at least one, e.g. Command.exact("ps", "-ef"), or commandSets.'],
    ['no command in the list', { commands: [] }, 'commands = [] is empty, so "busybox" would allow nothing. Fix: give at least one, e.g. Command.exact("ls", "-l").'],
    ['a command twice', { commands: [Command.exact('id'), Command.exact('id')] }, 'commands[1] = "id" is listed twice. Fix: remove one of the two.'],
    ['a command as text', { commands: ['id'] }, 'commands[0] = "id" is no Command. Fix: use Command.exact("ls", "-l") or Command.withArguments(…).'],
    ['a shell without saying so', { commands: [Command.exact('sh')] },
      'commands[0] = "sh" runs whatever "sh" is told, so the other commands of the set would mean nothing. Fix: leave it out, or give shellReason if a shell is meant.'],
    ['the image\'s own entrypoint without saying why', { ownEntrypoint: true },
      'ownEntrypoint = true runs whatever the image names, which is a shell in most images of tools. Fix: leave it out, or give shellReason if that is meant.'],
    ['a shell\'s reason that is empty', { ownEntrypoint: true, shellReason: '' }, 'shellReason = "" is empty. Fix: give a reason in a few words.'],
    ['a shell\'s reason without a shell', { shellReason: 'why not' }, 'shellReason = "why not" is given, and neither a command is a shell nor may the image\'s own entrypoint run. Fix: leave it out.'],
    ['a set in place of sets', { commandSets: CommandSet.shell() }, /^commandSets = .* is no list of CommandSets\. Fix: give e\.g\. \[CommandSet\.readOnlyDiagnostics\(\)\]\.$/],
    ['a set twice', { commandSets: [CommandSet.shell(), CommandSet.shell()] }, 'commandSets[1] = "shell" is listed twice. Fix: remove one of the two.'],
    ['LD_PRELOAD', { env: ['LD_PRELOAD'] }, 'env[0] = "LD_PRELOAD" can make the allowed commands run something else. Fix: leave it out, or set it in the image.'],
    ['no name of a variable', { env: ['A=B'] }, 'env[0] = "A=B" is not the name of an environment variable. Fix: write one such as "LANG".'],
    ['every capability', { capabilities: ['ALL'] }, 'capabilities[0] = "ALL" is every capability there is, so the container would be as strong as its node. Fix: list each one by its name.'],
    ['a capability with its prefix', { capabilities: ['CAP_SYS_PTRACE'] }, 'capabilities[0] = "CAP_SYS_PTRACE" begins with CAP_, which Kubernetes leaves out. Fix: write "SYS_PTRACE".'],
    ['a capability in lower case', { capabilities: ['net_raw'] }, 'capabilities[0] = "net_raw" is not the name of a Linux capability. Fix: write one such as "SYS_PTRACE".'],
  ])('%s', (_what, props, told) => {
    const message = refusal(() => make(props)).replace(/^DebugImage: /, '');
    if (typeof told === 'string') expect(message).toBe(told); else expect(message).toMatch(told);
  });

  it.each(['PATH', 'path', 'BASH_ENV', 'ENV', 'PYTHONPATH', 'NODE_OPTIONS', 'LD_LIBRARY_PATH', 'GIT_SSH_COMMAND', 'IFS', 'PAGER', 'GCONV_PATH'])('the variable %s, which changes what runs', name => {
    expect(refusal(() => make({ env: [name] }))).toContain('can make the allowed commands run something else');
  });

  it('a name that is no label', () => expect(refusal(() => new DebugImage('Busy Box', GOOD))).toMatch(/^DebugImage: name = "Busy Box" is not a DNS label/));
});

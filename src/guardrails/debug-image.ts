import { Command } from './command';
import { CommandSet, CommandSetProps } from './command-set';
import { allOf, anyOf, literals } from '../model/cel';
import { byCodeUnit } from '../private/canonical';
import { InvalidInputError, reject } from '../private/errors';
import { dnsLabel, each, text } from '../private/validate';

const where = 'DebugImage';

/** What a debug image is, and what may run in it. */
export interface DebugImageProps {
  /**
   * The repository with its registry, e.g. `docker.io/library/busybox`. Images are compared as they are written, and a
   * name without a registry means what the node makes of it, so `kubectl debug --image` has to name it in full too.
   */
  readonly repository: string;

  /**
   * Tags, e.g. `1.36`; never `latest`. What a tag means is decided by who may push to the repository.
   *
   * @default - none: `digests` says which
   */
  readonly tags?: string[];

  /**
   * Digests, e.g. `sha256:…`. With tags, `repository:tag@digest` is allowed too.
   *
   * @default - none: `tags` says which
   */
  readonly digests?: string[];

  /**
   * Commands that may run, in any order. They replace the entrypoint of the image, as what follows `--` of `kubectl debug` does.
   *
   * @default - those of `commandSets`
   */
  readonly commands?: Command[];

  /**
   * Sets of commands that may run, each with its own `tty` and `stdin`. Who may use the image may run them; the right to
   * use the set in an exec is another.
   *
   * @default - those of `commands`
   */
  readonly commandSets?: CommandSet[];

  /**
   * Whether the container may be started without a command, so that what the image itself names runs. In most images of
   * tools that is a shell, so `shellReason` has to say why.
   *
   * @default false
   */
  readonly ownEntrypoint?: boolean;

  /**
   * The image has no ENTRYPOINT, so what `kubectl debug --arguments-only` sends is the command. Where an image has one,
   * it would run, and get the words as its arguments.
   *
   * @default false
   */
  readonly argumentsAreCommand?: boolean;

  /**
   * Whether `commands` and the image's own entrypoint may be given a terminal (`kubectl debug -t`).
   *
   * @default false
   */
  readonly tty?: boolean;

  /**
   * Whether `commands` and the image's own entrypoint may read from the person (`kubectl debug -i`).
   *
   * @default false
   */
  readonly stdin?: boolean;

  /**
   * Names of environment variables that may be set, by value alone: one taken from a Secret is refused.
   *
   * @default - none
   */
  readonly env?: string[];

  /**
   * Whether it may mount the pod's volumes, Secrets among them, below `/mnt`. Elsewhere a volume could take the place of
   * the program that is allowed.
   *
   * @default false
   */
  readonly volumes?: boolean;

  /**
   * Linux capabilities that may be added beyond what the level allows, e.g. `SYS_PTRACE`, which `kubectl debug` adds with
   * the profile `general`, the default of newer versions; `--profile=baseline` adds none.
   *
   * @default - none
   */
  readonly capabilities?: string[];

  /**
   * Why a shell may run in it, or another program that runs whatever it is told: who may use the image may run anything.
   *
   * @default - none may
   */
  readonly shellReason?: string;
}

// The grammar of github.com/distribution/reference, with a registry: a first part that has a dot or a port, or is localhost.
const HOST = '(?:localhost|(?=[^/]*[.:])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*)(?::[0-9]+)?';
const PART = '[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*';
const REPOSITORY = new RegExp(`^${HOST}(?:/${PART})+$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/;

/** Variables by which loaders, shells and interpreters are made to run something else. Those that are known; no list of them is complete. */
const CHANGES_WHAT_RUNS = /^(LD_|DYLD_|BASH|PYTHON|PERL|RUBY|NODE_|GIT_|JAVA_|_JAVA|JDK_|LUA_|LESS|OPENSSL_|GCONV_PATH|GLIBC_|CURL_|ENV$|PATH$|IFS$|HOME$|SHELL|PS4$|PROMPT_COMMAND$|EDITOR$|VISUAL$|PAGER$|CDPATH$|INPUTRC$)/i;

/** An image that debug containers may run, with what may run in it, under the name by which it is granted. */
export class DebugImage {
  /** The references that are allowed, as `kubectl debug --image` has to name them; sorted. */
  public readonly references: string[];
  /** Names of environment variables that may be set; sorted. */
  public readonly env: string[];
  /** Whether it may mount the pod's volumes, below `/mnt`. */
  public readonly volumes: boolean;
  /** Linux capabilities that may be added beyond what the level allows; sorted. */
  public readonly capabilities: string[];
  /** Whether it may be started without a command. */
  public readonly ownEntrypoint: boolean;
  /** Why a shell may run in it, one entry for each reason; empty when none may. */
  public readonly shellReasons: string[];

  private readonly sets: CommandSet[];
  private readonly tty: boolean;
  private readonly stdin: boolean;
  private readonly argumentsAreCommand: boolean;
  private readonly given: DebugImageProps;

  /**
   * @param name DNS label, by which it is granted
   * @throws on malformed names, a repository without its registry, neither tag nor digest, `latest`, nothing that may run, a
   * command twice, a shell or the image's own entrypoint without saying so, and variables that change what runs
   */
  public constructor(public readonly name: string, props: DebugImageProps) {
    dnsLabel(where, 'name', name, 'a name such as "netshoot"');
    this.given = props;
    this.references = references(props);
    this.ownEntrypoint = props.ownEntrypoint ?? false;
    this.argumentsAreCommand = props.argumentsAreCommand ?? false;
    this.tty = props.tty ?? false;
    this.stdin = props.stdin ?? false;
    this.volumes = props.volumes ?? false;
    this.env = variables(props.env);
    this.capabilities = capabilities(props.capabilities);
    this.sets = this.checkCommands(props);
    const own = this.ownEntrypoint ? [props.shellReason!] : [];
    this.shellReasons = [...new Set([...own, ...this.sets.flatMap(set => set.shellReason ?? [])])].sort(byCodeUnit);
  }

  /** Its name, references and commands, as a reviewer reads them. */
  public toString(): string {
    return `${this.name} (${this.references.join(', ')}): ${this._commands.join(', ')}`;
  }

  /**
   * As a broker policy writes it.
   *
   * @param setToJson writes one of its command sets
   * @internal
   */
  public _toJson(setToJson: (set: CommandSet) => any): any {
    const { repository, tags, digests, commands, commandSets, shellReason } = this.given;
    const { name, env, volumes, capabilities: added, ownEntrypoint, argumentsAreCommand, tty, stdin } = this;
    const flags = Object.entries({ ownEntrypoint, argumentsAreCommand, tty, stdin, volumes }).filter(([, value]) => value);
    const sorted = (values: string[] | undefined) => values && [...values].sort(byCodeUnit);
    return {
      name,
      repository,
      ...tags && { tags: sorted(tags) },
      ...digests && { digests: sorted(digests) },
      ...commands && { commands: [...commands].sort((a, b) => byCodeUnit(a.toString(), b.toString())).map(command => command._toJson()) },
      ...commandSets?.length && { commandSets: [...commandSets].sort((a, b) => byCodeUnit(a.name, b.name)).map(setToJson) },
      ...Object.fromEntries(flags),
      ...env.length && { env },
      ...added.length && { capabilities: added },
      ...shellReason !== undefined && { shellReason },
    };
  }

  /**
   * What may run in it, as a reviewer reads it.
   *
   * @internal
   */
  public get _commands(): string[] {
    return [...this.ownEntrypoint ? ['its own entrypoint'] : [], ...new Set(this.sets.flatMap(set => set.commands.map(String)))];
  }

  /**
   * What it may be asked for besides its commands, as a reviewer reads it.
   *
   * @internal
   */
  public get _extras(): string[] {
    const some = (value: boolean, shown: string) => (value ? [shown] : []);
    return [
      ...some(this.stdin || this.sets.some(set => set.stdin), '-i'),
      ...some(this.tty || this.sets.some(set => set.tty), '-t'),
      ...this.env.map(name => `--env ${name}=…`),
      ...some(this.volumes, 'volumes below /mnt'),
      ...this.capabilities.map(capability => `capability ${capability}`),
    ];
  }

  /**
   * CEL: which of the containers, given as a list of records, are of this image.
   *
   * @internal
   */
  public _of(records: string): string {
    return `${records}.filter(c, c.image[0] in ${literals(this.references)})`;
  }

  /**
   * CEL: which of those may run what they would run, by terminal and input that goes with it: one entry for each pair.
   *
   * @internal
   */
  public _running(records: string): { readonly running: string; readonly permits: string }[] {
    const command = this.argumentsAreCommand ? [] : ['c.command.size() > 0'];
    const line = '(c.argv.exists(word, word.contains(\'\\n\')) ? \'\' : c.argv.join(\'\\n\'))';
    const pairs = new Map<string, string[]>();
    const add = (tty: boolean, stdin: boolean, term: string) => {
      const permits = allOf([...tty ? [] : ['!(\'-t\' in c.asks)'], ...stdin ? [] : ['!(\'-i\' in c.asks)']]);
      pairs.set(permits, [...pairs.get(permits) ?? [], term]);
    };
    this.sets.forEach(set => add(set.tty, set.stdin, allOf([...command, set._contains('c.argv', line)])));
    if (this.ownEntrypoint) add(this.tty, this.stdin, 'c.argv.size() == 0');
    return [...pairs].map(([permits, terms]) => ({ running: `${records}.filter(c, ${anyOf(terms)})`, permits }));
  }

  /**
   * CEL: whether a container asks for nothing besides its command that is not allowed.
   *
   * @param capabilitiesOfLevel those that the level lets be added; undefined when it lets be added any
   * @internal
   */
  public _allowsExtras(capabilitiesOfLevel: string[] | undefined): string {
    const added = capabilitiesOfLevel && [...new Set([...capabilitiesOfLevel, ...this.capabilities])].sort(byCodeUnit);
    return allOf([
      `c.env.all(name, name in ${literals(this.env)})`,
      'c.shadows.size() == 0',
      ...this.volumes ? [] : ['c.volumes.size() == 0'],
      ...added ? [`c.capabilities.all(name, name in ${literals(added)})`] : [],
    ]);
  }

  private checkCommands(props: DebugImageProps): CommandSet[] {
    const { commands, commandSets = [], shellReason } = props;
    const shells = commands?.some(command => command instanceof Command && command.runsAnything !== undefined) ?? false;
    if (shellReason !== undefined) text(where, 'shellReason', shellReason, 'a reason in a few words', 1000);
    if (this.ownEntrypoint && shellReason === undefined) {
      reject({ where, field: 'ownEntrypoint', value: true, problem: 'runs whatever the image names, which is a shell in most images of tools', fix: 'leave it out, or give shellReason if that is meant' });
    }
    if (shellReason !== undefined && !shells && !this.ownEntrypoint) {
      reject({ where, field: 'shellReason', value: shellReason, problem: 'is given, and neither a command is a shell nor may the image\'s own entrypoint run', fix: 'leave it out' });
    }
    if (!Array.isArray(commandSets) || commandSets.some(set => !(set instanceof CommandSet))) {
      reject({ where, field: 'commandSets', value: commandSets, problem: 'is no list of CommandSets', fix: 'give e.g. [CommandSet.readOnlyDiagnostics()]' });
    }
    commandSets.forEach((set, i) => {
      if (commandSets.findIndex(other => other.name === set.name) !== i) reject({ where, field: `commandSets[${i}]`, value: set.name, problem: 'is listed twice', fix: 'remove one of the two' });
    });
    if (commands === undefined && commandSets.length === 0 && !this.ownEntrypoint) {
      reject({ where, field: 'commands', value: commands, problem: `is missing, so nothing could run in "${this.name}"`, fix: 'give at least one, e.g. Command.exact("ps", "-ef"), or commandSets' });
    }
    const { tty, stdin } = this;
    const own = commands === undefined ? [] : [ownCommands(this.name, { commands, tty, stdin, shellReason: shells ? shellReason : undefined })];
    return [...own, ...[...commandSets].sort((a, b) => byCodeUnit(a.name, b.name))];
  }
}

/** The image's own commands are checked as those of a set are; the error says where they stand. */
function ownCommands(name: string, props: CommandSetProps): CommandSet {
  try {
    return new CommandSet(name, props);
  } catch (error) {
    if (error instanceof InvalidInputError) reject({ ...error.rejection, where });
    throw error;
  }
}

function references({ repository, tags, digests }: DebugImageProps): string[] {
  text(where, 'repository', repository, 'a repository such as "docker.io/library/busybox"', 255);
  if (/@|:[^/]*$/.test(repository) && REPOSITORY.test(repository.replace(/@.*$/, '').replace(/:[^/:]*$/, ''))) {
    reject({ where, field: 'repository', value: repository, problem: 'contains a tag or a digest', fix: 'write these into tags or digests' });
  }
  if (!REPOSITORY.test(repository)) {
    const full = repository.includes('/') ? `docker.io/${repository}` : `docker.io/library/${repository}`;
    const short = new RegExp(`^${PART}(?:/${PART})*$`).test(repository);
    reject({
      where,
      field: 'repository',
      value: repository,
      problem: short ? 'names no registry, so each node decides where it is pulled from' : 'is no repository of images',
      fix: short ? `write it in full, e.g. "${full}"` : 'write registry/repository, e.g. "docker.io/library/busybox"',
    });
  }
  if (tags === undefined && digests === undefined) {
    reject({ where, field: 'tags', value: tags, problem: 'is missing, and so is digests: any image of the repository would do', fix: 'give at least one tag or digest' });
  }
  if (tags !== undefined) {
    each(where, 'tags', tags, 'tag', (field, value) => {
      if (value === 'latest') reject({ where, field, value, problem: 'means whatever was pushed last', fix: 'give the tag of a version, or a digest' });
      if (typeof value !== 'string' || !TAG.test(value)) reject({ where, field, value, problem: 'is not a tag', fix: 'write one such as "1.36"' });
      return value;
    });
  }
  if (digests !== undefined) {
    each(where, 'digests', digests, 'digest', (field, value) => {
      if (typeof value !== 'string' || !DIGEST.test(value)) reject({ where, field, value, problem: 'is not a digest', fix: 'write sha256: and 64 hexadecimal digits in lower case' });
      return value;
    });
  }
  return [
    ...(tags ?? []).map(tag => `${repository}:${tag}`),
    ...(digests ?? []).flatMap(digest => [`${repository}@${digest}`, ...(tags ?? []).map(tag => `${repository}:${tag}@${digest}`)]),
  ].sort(byCodeUnit);
}

function variables(env: string[] | undefined): string[] {
  if (env === undefined) return [];
  each(where, 'env', env, 'variable', (field, value) => {
    if (typeof value !== 'string' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) {
      reject({ where, field, value, problem: 'is not the name of an environment variable', fix: 'write one such as "LANG"' });
    }
    if (CHANGES_WHAT_RUNS.test(value)) {
      reject({ where, field, value, problem: 'can make the allowed commands run something else', fix: 'leave it out, or set it in the image' });
    }
    return value;
  });
  return [...env].sort(byCodeUnit);
}

function capabilities(names: string[] | undefined): string[] {
  if (names === undefined) return [];
  each(where, 'capabilities', names, 'capability', (field, value) => {
    if (typeof value !== 'string' || !/^[A-Z][A-Z0-9_]*$/.test(value)) {
      reject({ where, field, value, problem: 'is not the name of a Linux capability', fix: 'write one such as "SYS_PTRACE"' });
    }
    if (value.startsWith('CAP_')) reject({ where, field, value, problem: 'begins with CAP_, which Kubernetes leaves out', fix: `write "${value.slice(4)}"` });
    if (value === 'ALL') reject({ where, field, value, problem: 'is every capability there is, so the container would be as strong as its node', fix: 'list each one by its name' });
    return value;
  });
  return [...names].sort(byCodeUnit);
}

/** The most images that one policy can ask about: it may ask the authorizer 28 times, and asks about pods too. */
const MOST_IMAGES = 24;

/** The images, checked and sorted by name. */
export function debugImagesOf(construct: string, images: DebugImage[]): DebugImage[] {
  const field = 'images';
  if (!Array.isArray(images) || images.length === 0) {
    reject({ where: construct, field, value: images, problem: 'is empty, so no debug container at all would be allowed', fix: 'give at least one, e.g. new DebugImage("busybox", { … })' });
  }
  images.forEach((image, i) => {
    if (!(image instanceof DebugImage)) reject({ where: construct, field: `${field}[${i}]`, value: image, problem: 'is no DebugImage', fix: 'use new DebugImage("name", { repository: "…", tags: ["…"], commands: […] })' });
    if (images.findIndex(other => other.name === image.name) !== i) {
      reject({ where: construct, field: `${field}[${i}]`, value: image.name, problem: 'is the name of two images', fix: 'give one of them another name' });
    }
  });
  if (images.length > MOST_IMAGES) {
    reject({ where: construct, field, value: `${images.length} images`, problem: `are more than the ${MOST_IMAGES} that one admission policy can ask the authorizer about`, fix: 'give repositories that the same groups use to namespaces of their own, or leave some out' });
  }
  return [...images].sort((a, b) => byCodeUnit(a.name, b.name));
}

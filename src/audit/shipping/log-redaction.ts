import { all, field, is, literal, set, temp } from './ottl';
import { AuditLevel, atLeast } from '../../model/audit-level';
import { reject } from '../../private/errors';
import { each, text } from '../../private/validate';
import { rulesBefore } from '../default-rules';

const where = 'LogRedaction';

/**
 * What is taken out of events before they leave the node. An event that was changed says so in its annotation
 * `secure-debug.internal/redacted`, and what evidence is made of cannot be taken out: who, when, which request, which grant.
 */
export class LogRedaction {
  /**
   * The bodies of requests and answers about some resources.
   *
   * @param apiGroup `''` for core
   * @param resources in plural, with their subresource: `configmaps`, `pods/status`
   * @throws on wildcards, and on what evidence needs the body of: debug containers, pods, grants, policies
   */
  public static bodies(apiGroup: string, ...resources: string[]): LogRedaction {
    each(where, 'resources', resources, 'resource in plural, e.g. "configmaps"', (at, value) => {
      if (!/^[a-z0-9-]+(\/[a-z]+)?$/.test(value ?? '')) reject({ where, field: at, value, problem: 'is not a resource', fix: 'write e.g. "configmaps" or "pods/status", without wildcards' });
      if (neededBodies().some(kept => kept.group === apiGroup && kept.resource === value)) {
        reject({ where, field: at, value, problem: 'has bodies that evidence is made of', fix: 'leave it out; to keep a secret out of them use LogRedaction.pattern' });
      }
      return value;
    });
    const targets = resources.map(one => {
      const [resource, subresource = ''] = one.split('/');
      return all(is(temp('group'), apiGroup), is(temp('resource'), resource), is(temp('subresource'), subresource));
    });
    return new LogRedaction('bodies', targets.flatMap(target => ['requestObject', 'responseObject'].flatMap(body => [
      // First the note, for which the body has to be there still.
      note('bodies', all(target, `${field(body)} != nil`)),
      `delete_key(${temp('event')}, ${literal(body)}) where ${target}`,
    ])));
  }

  /**
   * What matches a pattern within the URL of the request, which contains the words of a command, becomes `***`. The URL is
   * encoded: a blank is `+` or `%20`, `=` is `%3D`.
   *
   * @param pattern RE2, e.g. `(?i)password%3D[^&+]+`
   * @throws on an empty pattern, and on one that matches everything
   */
  public static pattern(pattern: string): LogRedaction {
    text(where, 'pattern', pattern, 'a regular expression (RE2) such as "(?i)password%3D[^&+]+"', 500);
    if (/\(\?[=!<]|\\[1-9]/.test(pattern)) reject({ where, field: 'pattern', value: pattern, problem: 'has a look-around or a reference back, which RE2 lacks', fix: 'write it without' });
    let expression: RegExp;
    try {
      expression = new RegExp(pattern.replace(/^\(\?i\)/, ''));
    } catch (error) {
      return reject({ where, field: 'pattern', value: pattern, problem: `is not a regular expression: ${(error as Error).message}`, fix: 'mend it' });
    }
    if (expression.test('') || expression.test('/api/v1/namespaces/a/pods/b/exec?container=c')) {
      reject({ where, field: 'pattern', value: pattern, problem: 'matches what says which pod was entered', fix: 'limit it to what is secret, e.g. "(?i)password%3D[^&+]+"' });
    }
    return new LogRedaction('pattern', [note('pattern', `IsMatch(${field('requestURI')}, ${literal(pattern)})`), `replace_pattern(${field('requestURI')}, ${literal(pattern)}, "***")`]);
  }

  /** Addresses of clients. Without them nothing tells a stolen credential from its owner. */
  public static sourceAddresses(): LogRedaction {
    return new LogRedaction('source addresses', [note('source addresses', `${field('sourceIPs')} != nil`), `delete_key(${temp('event')}, "sourceIPs")`]);
  }

  private constructor(
    /** What it takes out, e.g. `bodies`. */
    public readonly what: string,
    private readonly statements: string[],
  ) {}

  /** @internal */
  public get _statements(): string[] {
    return [...this.statements];
  }
}

function note(what: string, condition: string): string {
  return set(temp('redacted'), literal(what), condition);
}

/** Resources of which an audit policy of ours records bodies. */
function neededBodies(): { readonly group: string; readonly resource: string }[] {
  return rulesBefore({ userGroups: ['any'], users: [] }).filter(rule => atLeast(rule.level, AuditLevel.REQUEST))
    .flatMap(rule => (rule.resources ?? []).flatMap(({ group, resources = [] }) => resources.map(resource => ({ group, resource }))));
}

/** What stands in a recording instead of a secret. */
const MASK = '[masked]';

/** Replaces what looks like a secret, by rules of which each is a regular expression; a named group `secret` limits what is replaced. */
export class Masks {
  private readonly rules: RegExp[];

  public constructor(rules: readonly string[]) {
    this.rules = rules.map(rule => new RegExp(rule, 'gdu'));
  }

  public apply(text: string): string {
    return this.rules.reduce((masked, rule) => replace(masked, rule), text);
  }
}

function replace(text: string, rule: RegExp): string {
  let result = '';
  let at = 0;
  for (const match of text.matchAll(rule)) {
    const [from, to] = (match.indices!.groups?.secret ?? match.indices![0]) as [number, number];
    if (to === from) continue;
    result += text.slice(at, from) + MASK;
    at = to;
  }
  return result + text.slice(at);
}

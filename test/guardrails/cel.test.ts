import * as fc from 'fast-check';
import { Argument, Command } from '../../src/guardrails';
import { CommandSet } from '../../src/guardrails/command-set';
import { exceptionConditions, GuardrailException } from '../../src/guardrails/guardrail-exception';
import { allOf, anyOf, literal, literals } from '../../src/model/cel';

/** What somebody would write to get out of a string, among what people write. */
const HOSTILE = [
  '"', '\'', '\\', '\\"', '""" || true || """', '\') || true || (\'', '"] || true || ["', '${x}', '\\u0022', '\u2028', '\u2029', '\ufeff', '\u202e', '|', '.*', '\\x{22}', '\\E', '(?i)', '$', '^', '💥', 'é', 'e\u0301',
];
/** Any text, hostile parts mixed in. */
const texts = fc.array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 6 }).map(parts => parts.join(''));
/** The same without what a command refuses. */
const words = texts.map(text => text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/gu, ''));
const names = words.map(word => `x${word.replace(/\*/g, '').trim()}`);

/**
 * A string of CEL in double quotes, by its grammar: no line end, and after a backslash only what is an escape.
 *
 * @see https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
 */
const STRING = /"(?:[^"\\\n\r]|\\(?:["\\bfnrt]|u[0-9a-fA-F]{4}))*"/g;
/** An expression with every string taken out: its logic. */
const logic = (expression: string) => expression.replace(STRING, 'S').replace(/'[^'\\\n\r]*'/g, 'S');

describe('a text of a user stays a text in CEL', () => {
  it('as a literal, which is one string by the grammar, and the same text when it is read', () => {
    fc.assert(fc.property(texts, text => {
      expect(literal(text).replace(STRING, '')).toBe('');
      expect(JSON.parse(literal(text))).toBe(text);
    }), { numRuns: 1000 });
  });

  it('as a list', () => {
    fc.assert(fc.property(fc.array(texts, { minLength: 1 }), list => expect(logic(literals(list))).toBe(`[${list.map(() => 'S').join(', ')}]`)));
  });

  it('in a command: whatever its words are, the logic is the same', () => {
    fc.assert(fc.property(words, words, (one, other) => {
      const of = (word: string) => new CommandSet('x', { commands: [Command.exact('show', word), Command.withArguments(['print', word], [Argument.oneOf(word, 'all').optional()])] });
      expect(logic(of(one)._contains('argv', 'line'))).toBe('(argv in [[S, S]]) || (line.matches(S))');
      expect(logic(of(one)._contains('argv', 'line'))).toBe(logic(of(other)._contains('argv', 'line')));
    }));
  });

  it('in an exception: a name lets nobody else pass', () => {
    fc.assert(fc.property(names, names, (user, group) => {
      const conditions = exceptionConditions([GuardrailException.user(user, 'why'), GuardrailException.group(group, 'why')]);
      expect(conditions.map(({ expression }) => logic(expression))).toEqual([
        '!(request.userInfo.username in [S])', '!(has(request.userInfo.groups) && request.userInfo.groups.exists(g, g in [S]))',
      ]);
    }));
  });
});

describe('terms are joined so that none of them can join another', () => {
  it('nothing is false for one of them, and true for all of them', () => expect([anyOf([]), allOf([])]).toEqual(['false', 'true']));

  it.each<[string[], string, string]>([
    [['a'], 'a', 'a'],
    [['a', '!variables.b'], 'a || !variables.b', 'a && !variables.b'],
    [['a || b', 'c && d'], '(a || b) || (c && d)', '(a || b) && (c && d)'],
    [['a ? b : c', 'd'], '(a ? b : c) || d', '(a ? b : c) && d'],
    [['!a.b()', 'c'], '(!a.b()) || c', '(!a.b()) && c'],
  ])('%j', (terms, any, all) => expect([anyOf(terms), allOf(terms)]).toEqual([any, all]));
});

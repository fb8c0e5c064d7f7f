import { App, Chart } from 'cdk8s';
import { InvalidInputError, reject, show } from '../../src/private/errors';

describe('show makes any value one line that is safe to print', () => {
  it.each<[string, unknown, string]>([
    ['text', 'payments', '"payments"'],
    ['empty text', '', '""'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 65536, '65536'],
    ['not a number', NaN, 'NaN'],
    ['an endless number', -Infinity, '-Infinity'],
    ['a number too long for JSON', 70000n, '70000'],
    ['a list', ['a', 1], '["a",1]'],
    ['an object', { a: 1 }, '{"a":1}'],
    ['a symbol', Symbol('x'), 'Symbol(x)'],
    ['a line break', 'a\nb', '"a\\nb"'],
    ['an escape sequence', '\u001b[31m', '"\\u001b[31m"'],
    ['the first C1 control', '\u007f', '"\\u007f"'],
    ['a one-character escape sequence', '\u009b31m', '"\\u009b31m"'],
    ['the character behind the C1 controls', '\u00a0', '"\u00a0"'],
    ['line separators', '\u2028\u2029', '"\\u2028\\u2029"'],
    ['text turned around', 'a\u202eb', '"a\\u202eb"'],
    ['what nobody sees', 'oncall\u200b-payments', '"oncall\\u200b-payments"'],
    ['an invisible tag beyond the basic plane', 'a\u{e0041}', '"a\\udb40\\udc41"'],
    ['half a character', '\ud800', '"\\ud800"'],
    ['letters of any script', 'größe支付', '"größe支付"'],
  ])('%s', (_what, value, shown) => expect(show(value)).toBe(shown));

  it('names what refers to itself, such as a chart given in place of its namespace', () => {
    expect(show(new Chart(new App(), 'payments'))).toBe('[Chart]');
    const bare = Object.create(null);
    bare.self = bare;
    expect(show(bare)).toBe('[object]');
  });

  it('shortens beyond 120 characters and says how long it was', () => {
    expect(show('a'.repeat(118))).toBe(`"${'a'.repeat(118)}"`);
    expect(show('a'.repeat(119))).toBe(`"${'a'.repeat(119)}… (121 characters)`);
  });
});

it('an error names where, field, value, problem and fix, and keeps them apart as data', () => {
  const rejection = { where: 'OnCallDebugAccess', field: 'group', value: '', problem: 'is empty', fix: 'name a group' };
  const error = new InvalidInputError(rejection);
  expect(error.message).toBe('OnCallDebugAccess: group = "" is empty. Fix: name a group.');
  expect(error.name).toBe('InvalidInputError');
  expect(error.rejection).toBe(rejection);
  expect(error).toBeInstanceOf(Error);
  expect(() => reject(rejection)).toThrow(error);
});

import * as fc from 'fast-check';
import { BrokerPolicy } from '../../src';
import { JsonSource } from '../../src/broker/json-source';
import { refusal } from '../private/refusal';

const parsed = (text: string): unknown => {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return 'no JSON';
  }
};
const read = (text: string): unknown => {
  const { value, findings } = new JsonSource(text);
  return findings.length ? 'no JSON' : { value };
};

describe('what it takes', () => {
  it('is what JSON.parse takes, with the same value', () => {
    fc.assert(fc.property(fc.json(), text => expect(read(text)).toEqual(parsed(text))));
  });

  it('and nothing else: pieces of JSON in any order', () => {
    const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"b"', '"\\u00e9"', '"\\x"', '"', '\\', '1', '-0', '01', '1.', '.5', '1e3', '1e', '-', '+1', 'true', 'false', 'null', 'nul', 'NaN', ' ', '\n', '\t', '\u00a0', '\ufeff', '//', '#', '\'', 'é', '\u2028', '\u0000', '😀', '\ud800');
    fc.assert(fc.property(fc.array(piece, { maxLength: 7 }), pieces => {
      const text = pieces.join('');
      // A key that is given twice is the one thing that JSON.parse takes and this does not.
      fc.pre(!new JsonSource(text).findings.some(({ problem }) => problem === 'is given twice'));
      expect(read(text)).toEqual(parsed(text));
    }), { numRuns: 3000 });
  });

  it('also keys that objects have from birth, as keys like others', () => {
    expect(Object.keys(new JsonSource('{"__proto__": 1, "constructor": 2}').value as object)).toEqual(['__proto__', 'constructor']);
  });

  it('and a text of brackets alone is refused, not followed until the stack is used up', () => {
    expect(new JsonSource('['.repeat(1_000_000)).findings).toEqual([expect.objectContaining({ offset: 64, problem: 'is nested more than 64 deep' })]);
    expect(read(`${'['.repeat(64)}${']'.repeat(64)}`)).not.toBe('no JSON');
  });
});

describe('places', () => {
  it('every value is where it says, in lines that end in any way', () => {
    const text = '{\r\n "a": [1,\n  {"b": "x"}],\r "c": null\n}';
    const source = new JsonSource(text);
    const place = (path: (string | number)[], key = false) => {
      const { line, column } = source.position(source.offsetOf(path, key));
      return `${line}:${column}`;
    };
    expect([place([]), place(['a']), place(['a'], true), place(['a', 0]), place(['a', 1, 'b']), place(['a', 1, 'b'], true), place(['c'])])
      .toEqual(['1:1', '2:7', '2:2', '2:8', '3:9', '3:4', '4:7']);
    // What is missing is told at what should have it.
    expect([place(['a', 1, 'z', 'y']), place(['z']), place(['a', 9])]).toEqual(['3:3', '1:1', '2:7']);
  });

  it('any value of any document', () => {
    fc.assert(fc.property(fc.array(fc.dictionary(fc.string(), fc.integer(), { noNullPrototype: true })), fc.constantFrom(undefined, 1, '\t'), (values, indent) => {
      const text = JSON.stringify(values, null, indent);
      const source = new JsonSource(text);
      const lines = text.split('\n');
      values.forEach((value, i) => Object.entries(value).forEach(([key, inner]) => {
        for (const [ofKey, expected] of [[true, JSON.stringify(key)], [false, JSON.stringify(inner)]] as const) {
          const { line, column } = source.position(source.offsetOf([i, key], ofKey));
          expect(lines[line - 1].slice(column - 1, column - 1 + expected.length)).toBe(expected);
        }
      }));
    }));
  });
});

describe('what is no JSON is told with line and column', () => {
  it.each([
    ['', '1:1: The text is empty. Fix: write a policy, beginning with {.'],
    [' \n ', '2:2: The text is empty. Fix: write a policy, beginning with {.'],
    ['{\n  "a": 1,\n}', '2:9: The comma is followed by }. Fix: remove it.'],
    ['[1,]', '1:3: The comma is followed by ]. Fix: remove it.'],
    ['[,1]', '1:2: "," is no value of JSON. Fix: write a text in double quotes, a number, true, false, […] or {…}.'],
    ['// mine\n{}', '1:1: A comment is no JSON. Fix: remove it; reasons have fields of their own.'],
    ['{\n  # mine\n}', '2:3: A comment is no JSON. Fix: remove it; reasons have fields of their own.'],
    ['{"a": /* x */ 1}', '1:7: A comment is no JSON. Fix: remove it; reasons have fields of their own.'],
    ['{\'a\': 1}', '1:2: A single quote stands where a key is expected. Fix: put texts in double quotes.'],
    ['{"a": \'b\'}', '1:7: A single quote is no value of JSON. Fix: put texts in double quotes.'],
    ['{a: 1}', '1:2: "a" is not in quotes. Fix: put it in double quotes.'],
    ['{"a": yes}', '1:7: "yes" is not in quotes. Fix: put it in double quotes.'],
    ['{"a": True}', '1:7: "True" is not in quotes. Fix: did you mean true? If not, put it in double quotes.'],
    ['apiVersion: x\nkind: y', '1:1: "apiVersion" is not in quotes. Fix: put it in double quotes.'],
    ['---\n{}', '1:1: "---" is YAML, and no JSON. Fix: write the policy as JSON.'],
    ['{"a": &x 1}', '1:7: "&x" is YAML, and no JSON. Fix: write the policy as JSON.'],
    ['{"a": *x}', '1:7: "*x" is YAML, and no JSON. Fix: write the policy as JSON.'],
    ['{"a": !!str 1}', '1:7: "!!str" is YAML, and no JSON. Fix: write the policy as JSON.'],
    ['{"a": 01}', '1:7: "01" is no value of JSON. Fix: write a text in double quotes, a number, true, false, […] or {…}.'],
    ['{"a": 1 "b": 2}', '1:9: A text follows a value. Fix: put a comma between two values, or close the {.'],
    ['[1 2]', '1:4: "2" follows a value. Fix: put a comma between two values, or close the [.'],
    ['[1}', '1:3: "}" follows a value. Fix: put a comma between two values, or close the [.'],
    ['{"a" 1}', '1:6: "1" follows the key "a". Fix: put a colon between a key and its value.'],
    ['{1: 2}', '1:2: "1" stands where a key is expected. Fix: write the key in double quotes.'],
    ['{} {}', '1:4: "{" stands after the end of the policy. Fix: remove it.'],
    ['{"a": [\n1', '1:7: "[" is never closed. Fix: close it, or undo what cut the end of the file off.'],
    ['{"a":', '1:6: The end of the text is no value of JSON. Fix: write a text in double quotes, a number, true, false, […] or {…}.'],
    ['{"a": "b\n"}', '1:7: The text that begins here has no end in its line. Fix: close it with a double quote.'],
    ['{"a": "b', '1:7: The text that begins here has no end in its line. Fix: close it with a double quote.'],
    ['{"a": "\\d"}', '1:8: "\\\\d" is no escape of JSON. Fix: write a backslash as \\\\.'],
    ['{"a": "\t"}', '1:8: The character "\\t" stands in a text as it is. Fix: write it as \\t.'],
    ['{"a": 1, "a": 2}', '1:10: The key "a" is given twice. Fix: keep one of the two.'],
  ])('%j', (text, told) => {
    expect(refusal(() => BrokerPolicy.fromJson(text))).toBe(`broker.json:${told}`);
  });

  it('every key that is given twice, however it is escaped, for a reviewer reads the first and the machine the second', () => {
    expect(refusal(() => BrokerPolicy.fromJson('{"kind": {"x": 1, "x": 2},\n "teams": 1,\n "t\\u0065ams": 2}')))
      .toBe('broker.json:1:19: The key "x" is given twice. Fix: keep one of the two.\nbroker.json:3:2: The key "teams" is given twice. Fix: keep one of the two.');
  });

  it('control characters of a file do not reach the terminal', () => {
    const message = refusal(() => BrokerPolicy.fromJson('{"\u001b[31m\u202e": 1}', 'a\u001b[2Jb.json'));
    expect(message).toBe('"a\\u001b[2Jb.json":1:3: The character "\\u001b" stands in a text as it is. Fix: write it as \\u001b.');
    expect(refusal(() => BrokerPolicy.fromJson('{"\\u001b[31m\u202e": 1}', 'a.json'))).not.toMatch(/[\u001b\u202e]/);
  });
});

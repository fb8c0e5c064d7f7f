import * as fc from 'fast-check';
import { byCodeUnit, canonicalJson, sortedUnique } from '../../src/private/canonical';

describe('order by code unit', () => {
  it.each<[string, string, number]>([['a', 'b', -1], ['b', 'a', 1], ['a', 'a', 0], ['Z', 'a', -1], ['ä', 'z', 1], ['a', 'aa', -1], ['10', '9', -1]])(
    '%s and %s', (a, b, order) => expect(byCodeUnit(a, b)).toBe(order));

  it('sorts as no locale does, and drops what is repeated', () => {
    expect(sortedUnique(['b', 'ä', 'Z', 'a', 'b'])).toEqual(['Z', 'a', 'b', 'ä']);
    expect(sortedUnique(new Set(['b', 'a']))).toEqual(['a', 'b']);
  });
});

describe('canonical JSON', () => {
  it('sorts keys at every depth, keeps the order of lists, and leaves out what is undefined', () => {
    expect(canonicalJson({ b: [{ d: 1, c: null }, 2], a: undefined, B: 'x' })).toBe('{"B":"x","b":[{"c":null,"d":1},2]}');
    expect(canonicalJson('a')).toBe('"a"');
    expect(canonicalJson(null)).toBe('null');
  });

  it('equal content gives equal text, and the text is the content', () => {
    const reversed = (value: any): any => Array.isArray(value) ? value.map(reversed)
      : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).reverse().map(([k, v]) => [k, reversed(v)])) : value;
    fc.assert(fc.property(fc.jsonValue(), value => {
      const plain = JSON.parse(JSON.stringify(value));
      expect(canonicalJson(reversed(plain))).toBe(canonicalJson(plain));
      expect(JSON.parse(canonicalJson(plain))).toEqual(plain);
    }));
  });
});

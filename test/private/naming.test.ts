import * as fc from 'fast-check';
import { fitName, shortHash } from '../../src/private/naming';

it('the short hash is the begin of the SHA-256', () => {
  expect(shortHash('')).toBe('e3b0c442');
  expect(shortHash('payments')).toMatch(/^[0-9a-f]{8}$/);
});

describe('a generated name that must fit', () => {
  it('stays as it is up to the limit', () => {
    expect(fitName('a'.repeat(63))).toBe('a'.repeat(63));
    expect(fitName('abc', 3)).toBe('abc');
  });

  it('is cut beyond it and ended with a hash of the whole', () => {
    const long = 'a'.repeat(64);
    expect(fitName(long)).toBe(`${'a'.repeat(54)}-${shortHash(long)}`);
    expect(fitName(long)).toHaveLength(63);
    expect(fitName('a'.repeat(300), 253)).toHaveLength(253);
  });

  it('never has a separator before the hash', () => {
    const long = `${'a'.repeat(50)}-.--${'b'.repeat(20)}`;
    expect(fitName(long)).toBe(`${'a'.repeat(50)}-${shortHash(long)}`);
  });

  it('is a DNS label within the limit when the long one was made of a label\'s characters, and two that begin alike stay apart', () => {
    const tail = fc.stringMatching(/^[a-z0-9-]{0,40}[a-z0-9]$/);
    fc.assert(fc.property(tail, tail, (a, b) => {
      const head = `oncall-${'x'.repeat(60)}`;
      expect(fitName(head + a)).toMatch(/^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/);
      expect(fitName(head + a) === fitName(head + b)).toBe(a === b);
    }));
  });
});

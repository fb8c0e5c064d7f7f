import { BlockList } from 'net';
import * as fc from 'fast-check';
import { cidrBlock, contains, containsStrictly, formatAddress, formatBlock, METADATA_SERVICES, parseAddress, parseBlock } from '../../src/network/address';
import { refusal } from '../private/refusal';

const ipv4 = fc.ipV4();
const ipv6 = fc.ipV6().filter(text => parseAddress(text) !== undefined);

describe('an address', () => {
  it.each([
    ['0.0.0.0', 4, 0n, '0.0.0.0'],
    ['10.1.2.3', 4, 0x0a010203n, '10.1.2.3'],
    ['255.255.255.255', 4, 0xffffffffn, '255.255.255.255'],
    ['::', 6, 0n, '::'],
    ['::1', 6, 1n, '::1'],
    ['2001:DB8:0:0:0:0:0:7', 6, 0x20010db8000000000000000000000007n, '2001:db8::7'],
    ['1:0:0:2:0:0:0:3', 6, 0x00010000000000020000000000000003n, '1:0:0:2::3'],
    ['1:2:3:4:5:6:7:8', 6, 0x00010002000300040005000600070008n, '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', 6, 0x00010002000300040005000600070000n, '1:2:3:4:5:6:7:0'],
    ['::1.2.3.4', 6, 0x01020304n, '::102:304'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 6, BigInt(`0x${'f'.repeat(32)}`), 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('%s is read and spelt canonically', (text, version, value, canonical) => {
    expect(parseAddress(text)).toEqual({ version, value });
    expect(formatAddress(parseAddress(text)!)).toBe(canonical);
  });

  it.each(['', '10.1.2', '10.1.2.256', '010.1.2.3', '10.1.2.3/32', 'fe80::1%eth0', ':::', 'host', '::ffff:10.1.2.3', '::ffff:a01:203'])('%s is none', text => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('survives being written and read again', () => {
    fc.assert(fc.property(fc.oneof(ipv4, ipv6), text => {
      const address = parseAddress(text)!;
      expect(parseAddress(formatAddress(address))).toEqual(address);
    }));
  });
});

describe('a block', () => {
  it.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3/32', '10.1.2.3/32'],
    ['10.1.2.3/0', '0.0.0.0/0'],
    ['2001:db8:ffff::/33', '2001:db8:8000::/33'],
    ['2001:db8::1/128', '2001:db8::1/128'],
    ['2001:db8::1/0', '::/0'],
  ])('%s is %s', (text, canonical) => expect(formatBlock(parseBlock(text)!)).toBe(canonical));

  it.each(['', '10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/-1', '10.0.0.0/8/8', '::/129', '/8', ' 10.0.0.0/8', '10.0.0.0/8 ', '::ffff:10.0.0.0/104'])('%s is none', text => {
    expect(parseBlock(text)).toBeUndefined();
  });

  it('contains what a BlockList of the same family contains', () => {
    fc.assert(fc.property(fc.oneof(
      fc.tuple(fc.constant('ipv4' as const), ipv4, ipv4, fc.integer({ min: 0, max: 32 })),
      fc.tuple(fc.constant('ipv6' as const), ipv6, ipv6, fc.integer({ min: 0, max: 128 })),
    ), ([family, first, other, prefix]) => {
      const list = new BlockList();
      list.addSubnet(first, prefix, family);
      const block = parseBlock(`${first}/${prefix}`)!;
      expect(contains(block, parseAddress(first)!)).toBe(true);
      expect(contains(block, parseAddress(other)!)).toBe(list.check(other, family));
    }), { numRuns: 500 });
  });

  it.each([
    ['0.0.0.0/0', '::1', false], // families are kept apart
    ['::/0', '10.0.0.1', false],
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
  ])('%s contains %s: %s', (block, address, expected) => expect(contains(parseBlock(block)!, parseAddress(address)!)).toBe(expected));

  it.each([
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.0.0.0/8', '10.0.0.0/9', true],
    ['10.0.0.0/8', '10.0.0.0/8', false],
    ['10.0.0.0/8', '0.0.0.0/0', false],
    ['10.0.0.0/8', '11.0.0.0/16', false],
    ['::/0', '10.0.0.0/8', false],
  ])('%s has %s as a part: %s', (outer, inner, expected) => expect(containsStrictly(parseBlock(outer)!, parseBlock(inner)!)).toBe(expected));
});

describe('a block that a user gives', () => {
  it.each(['0.0.0.0/0', '10.20.0.0/16', '203.0.113.7/32', '::/0', '2001:db8::/32', '2001:db8::7/128'])('%s is taken', text => {
    expect(formatBlock(cidrBlock('T', 'cidr', text))).toBe(text);
  });

  it.each([
    ['10.20.0.1/16', '10.20.0.0/16'],
    ['10.20.0.1/0', '0.0.0.0/0'],
    ['2001:db8::1/32', '2001:db8::/32'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['2001:db8:0:0::/64', '2001:db8::/64'],
  ])('%s is refused, and told as %s', (text, canonical) => {
    expect(refusal(() => cidrBlock('T', 'cidr', text))).toBe(
      `T: cidr = "${text}" is not the canonical spelling of its block (host bits set, or IPv6 not as in RFC 5952). Fix: write "${canonical}".`);
  });

  it('IPv4 in the clothes of IPv6 is refused', () => {
    expect(refusal(() => cidrBlock('T', 'cidr', '::ffff:10.0.0.0/104'))).toBe(
      'T: cidr = "::ffff:10.0.0.0/104" is IPv4 written as IPv6, which data planes treat differently. Fix: write the IPv4 block.');
  });

  it.each(['10.0.0.0', '10.0.0.0/33', 'fe80::%eth0/64', '10.0.0/8', 'all'])('%s is refused', text => {
    expect(refusal(() => cidrBlock('T', 'cidr', text))).toBe(
      `T: cidr = "${text}" is not a CIDR block. Fix: write address/prefix, e.g. "10.20.0.0/16" or "2001:db8::/32".`);
  });
});

it('the metadata services are those of the clouds', () => {
  expect(METADATA_SERVICES.map(formatAddress)).toEqual(['169.254.169.254', 'fd00:ec2::254']);
});

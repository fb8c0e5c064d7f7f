/* eslint-disable no-bitwise -- addresses are bits */
import { isIP } from 'net';
import { reject } from '../private/errors';
import { cidr } from '../private/validate';

/** An address as a number of its family. */
export interface Address {
  readonly version: 4 | 6;
  readonly value: bigint;
}

/** A CIDR block: its first address, and how many leading bits all of its addresses share. */
export interface Block {
  readonly first: Address;
  readonly prefix: number;
}

const BITS = { 4: 32, 6: 128 };

/** ::ffff:0:0/96, IPv4 written as IPv6: data planes disagree on what it matches. */
const MAPPED = 0xffffn;

/** The address; undefined when it is none, has a zone, or is IPv4 written as IPv6. */
export function parseAddress(text: string): Address | undefined {
  const version = isIP(text);
  if (version === 4) {
    return { version, value: text.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n) };
  }
  if (version !== 6 || text.includes('%')) return undefined;
  const [head, tail] = canonicalIPv6(text).split('::').map(half => half === '' ? [] : half.split(':'));
  const groups = tail === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail];
  const value = groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
  return value >> 32n === MAPPED ? undefined : { version, value };
}

/** Every IPv6 address has one spelling as the host of a URL: that of RFC 5952. */
function canonicalIPv6(text: string): string {
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

/** The address in its one canonical spelling. */
export function formatAddress({ version, value }: Address): string {
  const parts = (count: number, size: number) =>
    Array.from({ length: count }, (_, i) => BigInt.asUintN(size, value >> BigInt(size * (count - 1 - i))));
  return version === 4 ? parts(4, 8).join('.') : canonicalIPv6(parts(8, 16).map(part => part.toString(16)).join(':'));
}

/** The block, with host bits cleared as the API server's consumers do; undefined when it is none. */
export function parseBlock(text: string): Block | undefined {
  const [, address, digits] = /^([^/]+)\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? [];
  const parsed = address === undefined ? undefined : parseAddress(address);
  const prefix = Number(digits);
  if (!parsed || prefix > BITS[parsed.version]) return undefined;
  const host = BigInt(BITS[parsed.version] - prefix);
  return { first: { version: parsed.version, value: (parsed.value >> host) << host }, prefix };
}

/** The block in its one canonical spelling. */
export function formatBlock(block: Block): string {
  return `${formatAddress(block.first)}/${block.prefix}`;
}

/** Whether the address lies in the block. */
export function contains(block: Block, address: Address): boolean {
  const host = BigInt(BITS[block.first.version] - block.prefix);
  return block.first.version === address.version && block.first.value >> host === address.value >> host;
}

/** Whether the second block is a part of the first, and not all of it. */
export function containsStrictly(outer: Block, inner: Block): boolean {
  return inner.prefix > outer.prefix && contains(outer, inner.first);
}

/** A CIDR block in its one canonical spelling: equal blocks are equal strings. */
export function cidrBlock(where: string, field: string, value: string): Block {
  cidr(where, field, value);
  const block = parseBlock(value);
  if (!block) {
    reject({ where, field, value, problem: 'is IPv4 written as IPv6, which data planes treat differently', fix: 'write the IPv4 block' });
  }
  const canonical = formatBlock(block!);
  if (canonical !== value) {
    reject({ where, field, value, problem: 'is not the canonical spelling of its block (host bits set, or IPv6 not as in RFC 5952)', fix: `write "${canonical}"` });
  }
  return block!;
}

/**
 * Where clouds hand the credentials of the node to whatever asks on port 80: 169.254.169.254 and fd00:ec2::254. As
 * numbers: the first IPv6 address that Node parses takes milliseconds, which every import would pay.
 */
export const METADATA_SERVICES: Address[] = [{ version: 4, value: 0xa9fea9fen }, { version: 6, value: 0xfd000ec2000000000000000000000254n }];

import { createHash } from 'crypto';

/** The first eight hexadecimal digits of the SHA-256 of the text. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/**
 * A generated name that fits the limit: unchanged when it does, otherwise cut and ended with a hash of the whole,
 * so that two long names which begin alike stay apart. Names a user gave are refused instead, never shortened.
 */
export function fitName(name: string, max = 63): string {
  if (name.length <= max) return name;
  const hash = shortHash(name);
  return `${name.slice(0, max - hash.length - 1).replace(/[-.]+$/, '')}-${hash}`;
}

/**
 * A DNS label that begins so and says what a text says, such as the name of a group. What cannot stand in a label
 * becomes a dash, and a hash of the whole is added, so that two groups never get one name.
 */
export function labelFrom(prefix: string, text: string): string {
  const plain = text.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
  return fitName(plain === text ? `${prefix}-${text}` : [prefix, plain, shortHash(text)].filter(part => part !== '').join('-'));
}

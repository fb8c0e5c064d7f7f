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

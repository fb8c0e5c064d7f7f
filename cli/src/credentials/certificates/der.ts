/** As much of DER as certificates and their requests take. @see https://www.rfc-editor.org/rfc/rfc2986 */

const tagged = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 0x100 ? [length] : [Math.floor(length / 0x100), length % 0x100];
  return Buffer.concat([Buffer.from([tag, 0x80 + bytes.length, ...bytes]), content]);
};

export const der = {
  sequence: (...parts: Uint8Array[]) => tagged(0x30, ...parts),
  set: (...parts: Uint8Array[]) => tagged(0x31, ...parts),
  /** A number below 128. */
  small: (value: number) => tagged(0x02, Buffer.from([value])),
  /** A positive number, whose first byte is below 0x80. */
  integer: (bytes: Uint8Array) => tagged(0x02, bytes),
  octets: (content: Uint8Array) => tagged(0x04, content),
  /** UTC, of a year before 2050. */
  time: (date: Date) => tagged(0x17, Buffer.from(date.toISOString().replace(/[-:T]|\.\d+/g, '').slice(2))),
  /** What is told by its place and has no parts. */
  implicit: (number: number, content: Uint8Array) => tagged(0x80 + number, content),
  utf8: (text: string) => tagged(0x0c, Buffer.from(text, 'utf8')),
  bits: (content: Uint8Array) => tagged(0x03, Buffer.from([0]), content),
  /** An object identifier, in dots. */
  oid: (dots: string) => {
    const [first, second, ...rest] = dots.split('.').map(Number);
    return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
  },
  /** What is told by its place: `[number]`. */
  context: (number: number, ...parts: Uint8Array[]) => tagged(0xa0 + number, ...parts),
};

function base128(value: number): number[] {
  const digits = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) digits.unshift(128 + left % 128);
  return digits;
}

export function pem(label: string, content: Uint8Array): string {
  const lines = Buffer.from(content).toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

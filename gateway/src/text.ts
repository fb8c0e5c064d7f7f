/** What a terminal acts on instead of showing it: controls, invisible and bidirectional marks, lone surrogates, line separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const UNSEEN_BUT_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const escaped = (mark: string) => mark.split('').map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

/** Text of others, safe in a terminal and on one line. */
export function plain(text: string): string {
  return text.replace(UNSEEN, mark => mark === '\n' ? '\\n' : mark === '\t' ? '\\t' : escaped(mark));
}

/** The same, with its lines and tabs left as they are. */
export function plainLines(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(UNSEEN_BUT_LINES, escaped);
}

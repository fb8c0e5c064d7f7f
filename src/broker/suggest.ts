import { show } from '../private/errors';

/** How many letters have to be changed, added, left out, or exchanged with their neighbour. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}

/** The one of the known words that was probably meant. */
export function closest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const plain = (text: string) => text.toLowerCase().replace(/[-_ ]/g, '');
  const ranked = known.map(one => ({ one, far: distance(plain(word), plain(one)) })).sort((a, b) => a.far - b.far);
  const [best] = ranked;
  return best && best.far <= Math.max(1, Math.floor(Math.min(word.length, best.one.length) / 4)) ? best.one : undefined;
}

/** What to do about a word that is none of those that are known. */
export function orMeant(word: string, known: readonly string[], otherwise: string): string {
  const meant = closest(word, known);
  return meant === undefined ? otherwise : `did you mean ${/^(true|false|null)$/.test(meant) ? meant : show(meant)}? If not, ${otherwise}`;
}

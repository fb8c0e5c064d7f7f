import { existsSync, readFileSync } from 'fs';
import { dirname, join } from 'path';

/** What plays a recording in a page. */
export interface Player {
  readonly version: string;
  /** The terms that it comes under. */
  readonly licence: string;
  /** Defines `AsciinemaPlayer`; asks for no other file. */
  readonly script: string;
  readonly style: string;
}

/** The player: in the package one file beside this one, in the repository what npm installed. */
export function player(): Player {
  const packed = join(__dirname, 'player.json');
  return existsSync(packed) ? JSON.parse(readFileSync(packed, 'utf8')) : installed();
}

/** What npm installed for development. */
export function installed(): Player {
  const bundle = dirname(require.resolve('asciinema-player/dist/bundle/asciinema-player.min.js'));
  const file = (...path: string[]) => readFileSync(join(bundle, ...path), 'utf8');
  return {
    version: JSON.parse(file('..', '..', 'package.json')).version,
    licence: file('..', '..', 'LICENSE'),
    script: file('asciinema-player.min.js'),
    style: file('asciinema-player.css'),
  };
}

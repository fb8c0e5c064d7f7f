/** Puts the player of recordings into the compiled package, as one file: it is no dependency of who installs that. */
import { writeFileSync } from 'fs';
import { join } from 'path';
import { installed } from '../src/audit/html/player';

writeFileSync(join(__dirname, '..', 'lib', 'audit', 'html', 'player.json'), JSON.stringify(installed()));

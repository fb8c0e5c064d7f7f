import { readdirSync, rmSync } from 'fs';
import { join } from 'path';
import { App, Names } from 'cdk8s';

/**
 * Removes the files of charts that an app no longer has. cdk8s only writes: what a team that is gone left in the folder would be
 * applied again, with its grants. Files of another ending are somebody else's.
 */
export function removeLeftovers(app: App): void {
  const { outdir, outputFileExtension } = app;
  const written = new Set(app.charts.map(chart => `${Names.toDnsLabel(chart)}${outputFileExtension}`));
  for (const file of readdirSync(outdir)) {
    // With dependencies between charts, cdk8s numbers the files.
    if (file.endsWith(outputFileExtension) && !written.has(file.replace(/^\d{4}-/, ''))) rmSync(join(outdir, file));
  }
}

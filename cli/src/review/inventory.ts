import { PermissionInventory } from 'cdk8s-secure-debug';
import { Evidence, evidenceOf } from './evidence';
import { inventoryText } from './inventory-text';
import { checkFormat, dangerOf, dayOf, FormatOptions } from './options';
import { Cluster } from '../cluster';
import { OK, REFUSED, wrongUse } from '../errors';
import { Io } from '../io';
import { Result } from '../session';
import { coloured, json as jsonText, painter, plain } from '../text';
import { readFiles } from './readers/files';
import { readGit } from './readers/git';
import { inputOf } from './readers/input';
import { readLive } from './readers/live';

interface InventoryOptions extends FormatOptions {
  readonly live?: boolean;
  readonly git?: string;
  readonly auditLog?: string[];
  readonly failOn?: string;
  readonly today?: string;
  readonly skipDamaged?: boolean;
  readonly all?: boolean;
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Who holds cluster-admin or other broad power, at once or in steps. */
export async function inventory(io: Io, files: string[], options: InventoryOptions): Promise<Result> {
  checkFormat(options);
  const threshold = options.failOn === undefined ? undefined : dangerOf('--fail-on', options.failOn);
  const today = dayOf(options.today);
  const { objects, sources, notes, complete } = await read(io, files, options);
  const taken = PermissionInventory.fromManifests(objects, { today, complete, defaultNamespace: options.namespace });
  const evidence: Evidence | undefined = options.auditLog && await evidenceOf(taken.subjects.map(({ kind, name }) => `${kind} ${name}`), options.auditLog);
  const all = [...notes, ...(evidence?.damaged ?? []).map(one => `not read: ${one}`)];
  for (const note of all) io.stderr.write(`${plain(note)}\n`);

  const paint = painter(!options.json && coloured(io, io.stdout));
  const code = threshold !== undefined && taken.exitStatus(threshold) !== 0 ? REFUSED : OK;
  const data = () => ({
    subjects: taken.subjects,
    accepted: taken.acceptedFindings,
    unknownRoles: taken.unknownRoles,
    ...evidence && { auditLog: evidence },
    notes: all,
    read: { objects: objects.length },
  });
  if (options.sarif) return { data: undefined, text: jsonText(taken.toSarif(sources)), code };
  if (options.markdown) return { data: undefined, text: taken.toMarkdown(evidence?.evidence).trimEnd(), code };
  if (options.html) return { data: undefined, text: taken.toHtml(evidence?.evidence).trimEnd(), code };
  return options.json ? { data: data(), text: '', code } : { data: undefined, text: inventoryText(paint, taken, evidence, options.all === true), code };
}

async function read(io: Io, files: string[], options: InventoryOptions) {
  if (options.live) {
    if (files.length > 0 || options.git !== undefined) wrongUse('--live reads the cluster, and files are named too. Fix: leave one of them out.');
    const live = await readLive(new Cluster(await io.connect({ kubeconfig: options.kubeconfig, context: options.context })));
    return { ...live, sources: [] };
  }
  if (options.git !== undefined) {
    const texts = readGit(options.git, files.length > 0 ? files : ['.']);
    if (texts.length === 0) wrongUse(`${plain(options.git)} holds no .yaml, .yml or .json there. Fix: name the folder with the manifests.`);
    return { ...inputOf(texts, options.skipDamaged === true, options.namespace), complete: false };
  }
  if (files.length === 0 && (!io.stdin || io.stdin.isTTY)) {
    wrongUse('No manifests are given. Fix: name files or folders, - for standard input, or --live for the cluster of your kubeconfig.');
  }
  return { ...inputOf(await readFiles(files.length > 0 ? files : ['-'], io.stdin), options.skipDamaged === true, options.namespace), complete: false };
}

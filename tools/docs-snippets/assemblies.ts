import { readFileSync } from 'fs';
import { join } from 'path';
import { gunzipSync } from 'zlib';

const ROOT = join(__dirname, '..', '..');

/** Where a type is found in Go and Java, and what a translation has to know of it. */
export interface KnownType {
  readonly name: string;
  /** Passed by value, as a struct. */
  readonly struct: boolean;
  readonly goPackage: string;
  readonly goModule: string;
  readonly javaName: string;
  /** The number of parameters of what Go calls as a function, by its name there. */
  readonly functions: ReadonlyMap<string, number>;
  /** And of its methods. */
  readonly methods: ReadonlyMap<string, number>;
  /** Properties that are methods in Go; those of a struct are fields. */
  readonly getters: readonly string[];
}

function assembly(folder: string): any {
  const read = JSON.parse(readFileSync(join(folder, '.jsii'), 'utf8'));
  return read.schema === 'jsii/file-redirect' ? JSON.parse(gunzipSync(readFileSync(join(folder, read.filename))).toString()) : read;
}

/** Every type that a snippet can name: the library's own, and those of what it builds on. */
export function knownTypes(): Map<string, KnownType> {
  const known = new Map<string, KnownType>();
  for (const folder of ['node_modules/constructs', 'node_modules/cdk8s-plus-28', 'node_modules/cdk8s', '.']) {
    const { name: npm, version, targets, types } = assembly(join(ROOT, folder));
    const goPackage = npm.replace(/[^a-z0-9]/g, '');
    const major = Number(version.split('.')[0]);
    const goModule = `${targets.go.moduleName}/${goPackage}${major > 1 ? `/v${major}` : ''}`;
    for (const type of Object.values<any>(types)) {
      if (type.namespace) continue;
      const capital = ({ name }: { name: string }) => name[0].toUpperCase() + name.slice(1);
      const count = (method: any) => method?.parameters?.length ?? 0;
      const members: any[] = type.methods ?? [];
      const functions = new Map<string, number>(members.filter(one => one.static).map(one => [`${type.name}_${capital(one)}`, count(one)]));
      if (type.kind === 'class') functions.set(`New${type.name}`, count(type.initializer));
      const methods = new Map<string, number>(members.filter(one => !one.static).map(one => [capital(one), count(one)]));
      known.set(type.name, {
        name: type.name,
        struct: !!type.datatype,
        goPackage,
        goModule,
        javaName: `${targets.java.package}.${type.name}`,
        functions,
        methods,
        getters: type.datatype ? [] : (type.properties ?? []).map(capital),
      });
    }
  }
  return known;
}

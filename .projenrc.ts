import { cdk8s, javascript, ProjenrcFile, typescript } from 'projen';

// The capabilities: each is a folder of src/ and may import only the model, private helpers and itself.
const CAPABILITIES = ['access', 'guardrails', 'audit', 'credentials', 'network', 'cleanup', 'review', 'gateway', 'diagnostics'];

/** What every run of jest begins and ends with. */
const setupIn = (root: string) => ({
  setupFiles: [`${root}/test/setup/properties.ts`],
  globalSetup: `${root}/test/setup/temporary.ts`,
  globalTeardown: `${root}/test/setup/temporary-end.ts`,
});

const project = new cdk8s.ConstructLibraryCdk8s({
  name: 'cdk8s-secure-debug',
  description: 'Typed cdk8s constructs that replace shared cluster-admin with least-privilege, recorded, fenced debug access on Kubernetes',
  author: 'cdk8s-secure-debug maintainers',
  authorAddress: 'https://github.com/cdk8s-secure-debug',
  authorOrganization: true,
  repositoryUrl: 'https://github.com/cdk8s-secure-debug/cdk8s-secure-debug.git',
  copyrightOwner: 'cdk8s-secure-debug maintainers',
  copyrightPeriod: '2026',
  license: 'Apache-2.0',
  keywords: ['cdk8s', 'kubernetes', 'rbac', 'audit', 'debug', 'least-privilege', 'break-glass', 'networkpolicy'],
  defaultReleaseBranch: 'main',
  packageManager: javascript.NodePackageManager.NPM,
  minNodeVersion: '20.0.0',
  sampleCode: false,
  projenrcJs: false,

  jsiiVersion: '~6.0.0',
  typescriptVersion: '~6.0.0',
  cdk8sVersion: '2.70.0',
  constructsVersion: '10.3.0',
  peerDeps: ['cdk8s-plus-28@^2.5.6'],
  bundledDeps: ['yaml@^2.8.0'],
  devDeps: [
    'projen@~0.103.0',
    'cdk8s-plus-28@2.5.6',
    'jsii-diff@~1.134.0',
    'jsii-pacmak@~1.140.0',
    'eslint-plugin-import@^2.32.0',
    'eslint-import-resolver-typescript@^4.4.0',
    'tsx@^4.23.0',
    'fast-check@^4.10.0',
    'ajv@^8.18.0',
    'oidc-provider@^9.13.0',
    '@grafana/grafana-foundation-sdk@~0.0.21',
    'cdk8s-cli@^2.207.0',
    '@stryker-mutator/core@~9.6.0',
    '@stryker-mutator/jest-runner@~9.6.0',
  ],

  publishToPypi: { distName: 'cdk8s-secure-debug', module: 'cdk8s_secure_debug' },
  publishToMaven: {
    javaPackage: 'io.github.cdk8s_secure_debug',
    mavenGroupId: 'io.github.cdk8s-secure-debug',
    mavenArtifactId: 'cdk8s-secure-debug',
  },
  publishToGo: { moduleName: 'github.com/cdk8s-secure-debug/cdk8s-secure-debug-go' },

  github: false,
  release: false,
  depsUpgrade: false,
  docgen: true,
  tsconfigDevFile: 'tsconfig.dev.json',
  tsconfigDev: {
    compilerOptions: {
      isolatedModules: true,
      // Examples and tests import the library by its name, as a user does.
      paths: { 'cdk8s-secure-debug': ['./src/index.ts'] },
    },
    include: ['src/**/*.ts', 'test/**/*.ts', 'examples/**/*.ts', 'benchmarks/**/*.ts', 'tools/**/*.ts', '.projenrc.ts'],
    exclude: ['node_modules', 'lib', 'dist', 'cli', 'gateway', '.stryker-tmp'],
  },
  jestOptions: {
    updateSnapshot: javascript.UpdateSnapshot.NEVER,
    passWithNoTests: false,
    jestVersion: '^30.0.0',
    coverageText: false,
    jestConfig: {
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/cluster/'],
      // Without it jest leaves one core to whoever watches, which on two cores is half of them.
      maxWorkers: '100%',
      ...setupIn('<rootDir>'),
      collectCoverageFrom: ['src/**/*.ts', 'assets/**/*.js'],
      coveragePathIgnorePatterns: ['/node_modules/'],
      coverageReporters: ['lcov', 'json-summary', 'text-summary'],
      moduleNameMapper: { '^cdk8s-secure-debug$': '<rootDir>/src/index.ts' },
    },
  },
  eslintOptions: {
    dirs: ['src'],
    devdirs: ['test', 'examples', 'benchmarks', 'tools'],
    projectService: false,
    tsconfigPath: './tsconfig.dev.json',
  } as any,
});

// unrs-resolver 1.13 ships without some of its platform binaries.
project.package.addField('overrides', { 'unrs-resolver': '1.11.1' });
project.package.addField('private', undefined);
project.testTask.env('JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION', '1');
project.tasks.addEnvironment('JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION', '1');

// tsconfig.json is written by jsii when it compiles, so a fresh clone has none to extend.
project.tsconfigDev.file.addOverride('extends', undefined);
for (const [option, value] of Object.entries({
  target: 'ES2022', lib: ['es2022'], module: 'node16', moduleResolution: 'node16', types: ['jest', 'node'],
  strict: true, noUnusedLocals: true, noUnusedParameters: true, noImplicitReturns: true, noFallthroughCasesInSwitch: true,
  esModuleInterop: true, resolveJsonModule: true, skipLibCheck: true,
})) project.tsconfigDev.file.addOverride(`compilerOptions.${option}`, value);

/** projen's own kind of TypeScript projenrc wants a folder and a tsconfig more; tsx needs neither. */
class Projenrc extends ProjenrcFile {
  public readonly filePath = '.projenrc.ts';
}
new Projenrc(project);
project.defaultTask?.reset('tsx .projenrc.ts');

// They import the library by its name, as users do; npm links it to this folder, and no package depends on itself.
project.eslint?.addOverride({ files: ['benchmarks/**', 'examples/**', 'test/**'], rules: { 'import/no-extraneous-dependencies': 'off' } });

// Folders are capabilities: they know the model and the private helpers, never each other.
project.eslint?.addRules({
  'import/no-restricted-paths': ['error', {
    zones: [
      ...CAPABILITIES.map(name => ({
        target: `./src/${name}`,
        from: './src',
        except: [`./${name}`, './model', './private'],
        message: 'A capability imports only model/, private/ and itself (ARCHITECTURE.md).',
      })),
      {
        target: './src/broker',
        from: './src',
        except: ['./broker', './access', './guardrails', './cleanup', './model', './private'],
        message: 'The broker composes access, guardrails and cleanup (ARCHITECTURE.md).',
      },
      {
        target: './src/validation',
        from: './src',
        except: ['./validation', './review', './audit', './model', './private'],
        message: 'The validation composes review and audit (ARCHITECTURE.md).',
      },
      // The blueprint composes them all, and nothing is built on it.
      { target: CAPABILITIES.concat('broker', 'model', 'private').map(name => `./src/${name}`), from: './src/blueprint', message: 'Nothing imports the blueprint (ARCHITECTURE.md).' },
      { target: './src/model', from: './src', except: ['./model', './private'], message: 'The model knows no capability.' },
      { target: './src/private', from: './src', except: ['./private'], message: 'Private helpers know nobody.' },
    ],
  }],
});

project.jest!.config.coverageThreshold = { global: { lines: 95, branches: 95 } };

// Type checking is a step of its own: jest transpiles each file alone.
const typecheck = project.addTask('typecheck', { description: 'Type-check sources, tests, examples and benchmarks', exec: 'tsc --noEmit -p tsconfig.dev.json' });
project.testTask.prependSpawn(typecheck);

// Import time is a feature: what jsii compiles loads its files when they are first used.
project.compileTask.exec('tsx --tsconfig tsconfig.dev.json tools/lazy-imports.ts');

const example = 'tsx --tsconfig tsconfig.dev.json';
project.addTask('quick-start', { description: 'Synthesize the quick-start example and print who may do what where', exec: `${example} examples/quick-start/main.ts` });
project.addTask('examples:accept', { description: 'Write what the examples synthesize now to examples/*/expected; review the diff', exec: `${example} tools/accept-examples.ts` });
project.addTask('rules', { description: 'Write RULES.md from the warnings in the source', exec: `${example} tools/rules-md.ts` });
project.addTask('systems', { description: 'Write docs/systems.md', exec: `${example} test/cluster/lab/systems.ts` });
project.addTask('bench', { description: 'Run the benchmarks and print their tables', exec: `${example} benchmarks/run.ts`, receiveArgs: true });

project.addTask('verify:manifests', { description: 'kubeconform and kube-score on what the examples synthesize', exec: 'tools/check-manifests.sh' });
project.addTask('verify:api', { description: 'Compare the public API with the accepted one', exec: 'tools/check-api.sh' });
project.addTask('api:accept', { description: 'Accept the public API as it is compiled now', exec: 'tools/check-api.sh accept' });
project.addTask('verify:readme', { description: 'Compile the snippets of the README and the docstrings', exec: 'tools/check-readme.sh' });
project.addTask('verify:python', { description: 'Build the Python package and run the quick start with it', exec: 'tools/check-python.sh' });
project.addTask('verify:site', { description: 'Build the site of docs/; no link may lead nowhere', exec: 'tools/site.sh' });
project.addTask('verify:languages', { description: 'Build the packages for Java and Go, and run the quick start with them', exec: 'tools/check-languages.sh' });
project.addTask('test:cluster', { description: 'The suite against a real Kubernetes; --help lists the options', exec: `${example} test/cluster/run.ts`, receiveArgs: true });
project.addTask('test:planted', { description: 'Plant a defect in each rule of the model, one at a time: the suite against a real Kubernetes has to find it', exec: `${example} test/cluster/run.ts planted` });
project.addTask('test:long', { description: 'The parts of the suite against a real Kubernetes that take long', exec: `${example} test/cluster/run.ts cluster/long gateway/attacks cli/cert cli/plan latency` });
project.addTask('test:engines', { description: 'Evidence by other engines: views on ClickHouse and Spark (a Python with chdb, pyspark and sqlglot in ENGINES_PYTHON), a real Loki, parsers of the log languages, the schema of dashboards', exec: 'cli/tools/engines.sh 1 2' });
project.addTask('test:soak', { description: 'Twenty people at work on a real Kubernetes for half an hour; the report has to be what they did', exec: `${example} test/cluster/run.ts cluster/soak` });
project.addTask('test:properties', { description: 'The property tests with inputs of ten other seeds, or from PROPERTY_SEED on', exec: 'tools/other-seeds.sh' });
project.addTask('test:versions', { description: 'The suite on every supported version of Kubernetes', exec: `${example} test/cluster/run.ts --all-versions` });
project.addTask('test:mutation', { description: 'Mutation testing of model, access and audit', exec: 'stryker run' });
const full = project.addTask('test:full', { description: 'Everything, also what takes long: every version of Kubernetes, planted defects, mutation testing and checkov' });
for (const name of ['test', 'verify:manifests', 'verify:api', 'verify:readme', 'verify:python', 'verify:languages', 'verify:site', 'test:properties', 'test:versions', 'test:long', 'test:soak', 'test:engines', 'test:planted', 'test:mutation']) full.spawn(project.tasks.tryFind(name)!);
full.exec('tools/check-checkov.sh');

project.tasks.tryFind('docgen')!.reset('tools/docgen.sh');

// jsii-pacmak cannot build these two as projen writes them: Java needs the binding of cdk8s-plus built along, and the
// Go code of the dependencies is not fetched while packaging.
project.tasks.tryFind('package:java')!.reset('jsii-pacmak -v --target java --outdir dist . node_modules/cdk8s-plus-28');
project.tasks.tryFind('package:go')!.reset('jsii-pacmak -v --target go --code-only');

project.gitignore.addPatterns('/dist/', '/lib/', '/.jsii', '/tsconfig.json', '/coverage/', '/test-reports/', '/out/', '/reports/', '/control-plane/', '/.stryker-tmp/', '.jsii.tabl.json', 'examples/*/out/');
project.npmignore?.addPatterns('/benchmarks/', '/examples/', '/docs/', '/tools/', '/.ci/', '/reports/', '/control-plane/', '/.npmrc', '/.projenrc.ts', '/cli/', '/gateway/');

// The command line is a package of its own, in the same npm workspace: who uses constructs does not install its dependencies.
// With '.' among the workspaces npm links the library to the root, and asks no registry for it.
project.package.addField('workspaces', ['.', 'cli', 'gateway']);

const cli = new typescript.TypeScriptProject({
  parent: project,
  outdir: 'cli',
  name: 'secure-debug',
  description: 'Ask for, approve and end debug access on Kubernetes, with your own kubeconfig and no server beside the API server',
  authorName: 'cdk8s-secure-debug maintainers',
  authorUrl: 'https://github.com/cdk8s-secure-debug',
  authorOrganization: true,
  repository: 'https://github.com/cdk8s-secure-debug/cdk8s-secure-debug.git',
  repositoryDirectory: 'cli',
  copyrightOwner: 'cdk8s-secure-debug maintainers',
  copyrightPeriod: '2026',
  license: 'Apache-2.0',
  keywords: ['kubernetes', 'kubectl', 'kubectl-plugin', 'rbac', 'debug', 'just-in-time', 'break-glass', 'approval'],
  defaultReleaseBranch: 'main',
  packageManager: javascript.NodePackageManager.NPM,
  minNodeVersion: '20.19.0',
  sampleCode: false,
  projenrcTs: false,
  autoDetectBin: false,
  entrypoint: 'lib/main.js',
  bin: { 'secure-debug': 'bin/secure-debug.js', 'kubectl-secure_debug': 'bin/secure-debug.js' },
  typescriptVersion: '~6.0.0',
  deps: ['cdk8s-secure-debug@^0.0.0', 'cdk8s@^2.70.0', '@inquirer/prompts@^7.8.6', '@kubernetes/client-node@^1.4.0', '@duckdb/node-api@^1.5.6-r.1', 'age-encryption@^0.3.1', 'cli-progress@^3.12.0',
    'cli-table3@^0.6.5', 'openid-client@^6.9.0', 'yaml@^2.8.0'],
  devDeps: ['@types/node@^20', '@types/jest@^30.0.0', '@types/cli-progress@^3.11.6', 'ts-jest@^29',
    'ajv@^8.18.0', 'asciinema-player@~3.18.0', 'assemblyscript@^0.28.20', 'axe-core@^4.10.0', 'commander@^14.0.0', 'esbuild@^0.28.0', 'fast-check@^4.10.0', 'puppeteer-core@^24.0.0', 'eslint-plugin-import@^2.32.0', 'eslint-import-resolver-typescript@^4.4.0'],
  github: false,
  release: false,
  depsUpgrade: false,
  eslintOptions: { dirs: ['src'], devdirs: ['test', 'tools'], projectService: false, tsconfigPath: './tsconfig.dev.json' } as any,
  docgen: false,
  npmignoreEnabled: false,
  disableTsconfigDev: false,
  tsconfigDevFile: 'tsconfig.dev.json',
  tsconfig: {
    compilerOptions: {
      target: 'ES2022', lib: ['es2022'], module: 'node16', moduleResolution: javascript.TypeScriptModuleResolution.NODE16, types: ['node'],
      strict: true, esModuleInterop: true, resolveJsonModule: false, skipLibCheck: true, declaration: false, inlineSourceMap: false, inlineSources: false,
      rootDir: 'src', outDir: 'lib',
    },
  },
  tsconfigDev: {
    compilerOptions: {
      rootDir: '..', isolatedModules: true, noEmit: true, types: ['jest', 'node'],
      // The library as it is now, without compiling it first.
      paths: { 'cdk8s-secure-debug': ['../src/index.ts'] },
    },
    include: ['src/**/*.ts', 'test/**/*.ts', 'tools/**/*.ts'],
    // AssemblyScript, which has types of its own.
    exclude: ['node_modules', 'assembly'],
  },
  jestOptions: {
    updateSnapshot: javascript.UpdateSnapshot.NEVER,
    passWithNoTests: false,
    jestVersion: '^30.0.0',
    coverageText: false,
    junitReporting: false,
    jestConfig: {
      ...setupIn('<rootDir>/..'),
      collectCoverageFrom: ['src/**/*.ts'],
      coverageReporters: ['lcov', 'text-summary'],
      moduleNameMapper: { '^cdk8s-secure-debug$': '<rootDir>/../src/index.ts' },
    },
  },
});
cli.package.addField('files', ['bin', 'lib', 'README.md']);
cli.package.addField('private', undefined);
// One install for the workspace, at its root, with its lock file.
for (const task of ['install', 'install:ci']) cli.tasks.tryFind(task)?.reset('npm install', { cwd: '..' });
cli.defaultTask?.reset('npx projen', { cwd: '..' });
const cliTypecheck = cli.addTask('typecheck', { description: 'Type-check sources and tests', exec: 'tsc --noEmit -p tsconfig.dev.json' });
cli.testTask.prependSpawn(cliTypecheck);
cli.compileTask.reset('tsc -p tsconfig.json');
// Help is there at once: what every command line needs is one file, and the others load when first used, as in the library.
cli.compileTask.exec('tsx tools/startup.ts');
// A report plays recordings by a player that stands in the file itself, so the package carries it.
cli.compileTask.exec('tsx tools/player.ts');
// What looks at the lines of audit logs is compiled to WebAssembly.
cli.compileTask.exec('tsx tools/lines.ts');
// What is in that one file is not installed once more.
cli.eslint?.addOverride({ files: ['src/program.ts', 'src/registration.ts', 'src/**/*register.ts'], rules: { 'import/no-extraneous-dependencies': ['error', { devDependencies: true }] } });
cli.gitignore.addPatterns('/lib/', '/coverage/');

project.compileTask.exec('npx projen compile', { cwd: 'cli' });
project.testTask.exec('npx projen test', { cwd: 'cli' });

// The session program of the gateway: one file in an image, so all that it needs is bundled into it.
const gateway = new typescript.TypeScriptProject({
  parent: project,
  outdir: 'gateway',
  name: 'secure-debug-gateway',
  description: 'What runs behind sshd in the image of the gateway: records a session, and acts on the Kubernetes API as the person',
  authorName: 'cdk8s-secure-debug maintainers',
  authorUrl: 'https://github.com/cdk8s-secure-debug',
  authorOrganization: true,
  copyrightOwner: 'cdk8s-secure-debug maintainers',
  copyrightPeriod: '2026',
  license: 'Apache-2.0',
  defaultReleaseBranch: 'main',
  packageManager: javascript.NodePackageManager.NPM,
  minNodeVersion: '20.19.0',
  sampleCode: false,
  projenrcTs: false,
  entrypoint: '',
  typescriptVersion: '~6.0.0',
  deps: ['@inquirer/search@^3.2.2', 'shlex@^2.1.2', 'ws@^8.18.0'],
  devDeps: ['@types/node@^20', '@types/jest@^30.0.0', '@types/ws@^8.18.0', 'esbuild@^0.28.0', 'ts-jest@^29', 'eslint-plugin-import@^2.32.0', 'eslint-import-resolver-typescript@^4.4.0'],
  github: false,
  release: false,
  depsUpgrade: false,
  eslintOptions: { dirs: ['src'], devdirs: ['test'], projectService: false, tsconfigPath: './tsconfig.dev.json' } as any,
  docgen: false,
  package: false,
  npmignoreEnabled: false,
  disableTsconfigDev: false,
  tsconfigDevFile: 'tsconfig.dev.json',
  tsconfig: {
    compilerOptions: {
      target: 'ES2022', lib: ['es2022'], module: 'node16', moduleResolution: javascript.TypeScriptModuleResolution.NODE16, types: ['node'],
      strict: true, esModuleInterop: true, resolveJsonModule: false, skipLibCheck: true, declaration: false, inlineSourceMap: false, inlineSources: false,
      rootDir: 'src', outDir: 'lib',
    },
  },
  tsconfigDev: { compilerOptions: { rootDir: '..', isolatedModules: true, noEmit: true, types: ['jest', 'node'] }, include: ['src/**/*.ts', 'test/**/*.ts'] },
  jestOptions: {
    updateSnapshot: javascript.UpdateSnapshot.NEVER,
    passWithNoTests: false,
    jestVersion: '^30.0.0',
    coverageText: false,
    junitReporting: false,
    jestConfig: { ...setupIn('<rootDir>/..'), collectCoverageFrom: ['src/**/*.ts'], coverageReporters: ['lcov', 'text-summary'] },
  },
});
gateway.package.addField('private', true);
for (const task of ['install', 'install:ci']) gateway.tasks.tryFind(task)?.reset('npm install', { cwd: '..' });
gateway.defaultTask?.reset('npx projen', { cwd: '..' });
gateway.testTask.prependSpawn(gateway.addTask('typecheck', { description: 'Type-check sources and tests', exec: 'tsc --noEmit -p tsconfig.dev.json' }));
gateway.compileTask.reset('esbuild src/main.ts --bundle --platform=node --target=node20 --legal-comments=linked --outfile=lib/session.js --log-level=warning');
gateway.gitignore.addPatterns('/lib/', '/coverage/');

project.compileTask.exec('npx projen compile', { cwd: 'gateway' });
project.testTask.exec('npx projen test', { cwd: 'gateway' });

project.synth();

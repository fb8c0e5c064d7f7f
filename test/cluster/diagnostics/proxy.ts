import { existsSync, readFileSync } from 'fs';
import { homedir } from 'os';
import { join } from 'path';
import { must } from '../lab/process';

const MODULE = 'github.com/oauth2-proxy/oauth2-proxy/v7';

/** The program oauth2-proxy in the cache; built from its module if it is not there. */
export async function builtProxy(): Promise<string> {
  const cwd = join(__dirname, 'proxy');
  const version = new RegExp(`${MODULE} v(\\S+)`).exec(readFileSync(join(cwd, 'go.mod'), 'utf8'))![1];
  const { CDK8S_SECURE_DEBUG_CACHE, XDG_CACHE_HOME } = process.env;
  const cache = CDK8S_SECURE_DEBUG_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'cdk8s-secure-debug');
  const program = join(cache, 'oauth2-proxy', version, 'oauth2-proxy');
  if (!existsSync(program)) {
    await must('go', ['build', '-mod=readonly', '-trimpath', '-ldflags=-s -w', '-o', program, MODULE], { cwd, env: { ...process.env, CGO_ENABLED: '0' }, timeout: 900_000 });
  }
  return program;
}

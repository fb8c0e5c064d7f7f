import { Broken, Parsed } from './document';
import { parseJson } from './json';
import { parseYaml } from './yaml';

const HELM = /\{\{-?\s/;

/** What a text holds, be it YAML or JSON: told by its name, else by how it begins. */
export function parseText(text: string, file: string): Parsed {
  const whole = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (file.endsWith('.json') || /^\s*[{[]/.test(whole)) {
    const json = parseJson(whole, file);
    if (file.endsWith('.json') || json.broken.length === 0) return json;
  }
  const yaml = parseYaml(whole, file);
  return yaml.broken.length > 0 && HELM.test(whole) ? { ...yaml, broken: yaml.broken.map(asTemplate) } : yaml;
}

function asTemplate(broken: Broken): Broken {
  return { ...broken, why: `${broken.why} (it looks like a template of Helm; render it: helm template . | secure-debug …)` };
}

import { Registration } from '../registration';

/** login, credential, whoami, logout */
export function registerCredentials(_: Registration): void {
  // Each of them comes with the file that does it.
}

/** The library is loaded when something is sealed or opened. A file of its own, so that tests can load it their way. */
export function ageLibrary(): Promise<typeof import('age-encryption', { with: { 'resolution-mode': 'import' } })> {
  return import('age-encryption');
}

import { constants, runInThisContext } from 'vm';

/** The library as Node.js loads it: jest cannot load modules of its kind. */
export const ageLibrary = (): Promise<any> => runInThisContext('import(\'age-encryption\')', { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER, filename: __filename });

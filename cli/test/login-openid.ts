import { constants, runInThisContext } from 'vm';

/** The library as Node.js loads it: jest cannot load modules of its kind. */
export const openidLibrary = (): Promise<any> => runInThisContext('import(\'openid-client\')', { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER, filename: __filename });

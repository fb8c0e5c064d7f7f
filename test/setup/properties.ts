import { configureGlobal, readConfigureGlobal } from 'fast-check';

/**
 * Property tests try the same inputs on each run, so that a change is judged by what it changed. Other inputs are for
 * `npm run test:properties`, which looks for them; what it finds becomes a test of its own.
 */
configureGlobal({ ...readConfigureGlobal(), seed: Number(process.env.PROPERTY_SEED ?? 1) });

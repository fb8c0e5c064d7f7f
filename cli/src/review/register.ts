import { Registration } from '../registration';

/** What reviews who may do what. */
export function registerReview(_registration: Registration): void {
}

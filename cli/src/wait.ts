import { AccessRequests, RequestState, RequestTerms } from 'cdk8s-secure-debug';
import { paths } from './paths';
import { standing, Standing } from './requests/requests';
import { Session } from './session';
import { duration, plain } from './text';

const EVERY = 2_000;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME = 200;

/** Waits until a request is decided or over, or so many seconds have passed; tells what changes meanwhile. */
export async function waitFor(session: Session, made: Standing, terms: RequestTerms, limit: number | undefined): Promise<Standing> {
  const { namespace, name, uid } = made.request;
  const begin = Date.now();
  let current = made;
  let told = made.request.approvals.length;
  let frame = 0;
  while (current.state === RequestState.PENDING) {
    const waited = (Date.now() - begin) / 1_000;
    if (limit !== undefined && waited >= limit) break;
    const missing = plain(AccessRequests.missing(terms, current.request.approvals).join(', '));
    const next = Date.now() + EVERY;
    if (session.io.stderr.isTTY) {
      while (Date.now() < next) {
        session.progress(`${SPINNER[frame++ % SPINNER.length]} waiting for ${missing}, ${duration(waited)}; expires in ${duration(current.secondsLeft)}`);
        await session.io.sleep(FRAME);
      }
    } else {
      await session.io.sleep(EVERY);
    }
    const found = standing(session, await session.cluster.find(paths.roleBindings(namespace, name)));
    // Its timer removed it, and somebody may have asked anew under its name.
    current = found?.request.uid === uid ? found : { ...current, state: RequestState.EXPIRED, secondsLeft: 0 };
    for (const one of current.request.approvals.slice(told)) {
      session.progress('');
      session.tell(`${plain(one.user)} approved as ${plain(one.group)}.`);
    }
    told = current.request.approvals.length;
  }
  session.progress('');
  return current;
}

// What a verb does when nobody answers at the control socket: says where and what to do, exit status 3.
// Must not know what is asked.
import { NotReachable } from '../api/client.ts';
import { EXIT } from './exit.ts';

/** @param work asks the daemon, and comes to an exit code */
export async function asking(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NotReachable)) throw error;
    process.stderr.write(`holdfast: ${error.message}\n`);
    return EXIT.unreachable;
  }
}

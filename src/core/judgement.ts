// What is presumed of a router's health when nobody says anything.
// Must not know who judges.
import type { Stand } from '../check/orders.ts';

export type Judgement = Stand;

/** Nothing is checked. */
export const GOOD: Judgement = { standing: 'well', adjustment: 0, why: null };
/** What is to be judged and is not yet serves only if nobody else can. Decision 0012. */
export const UNKNOWN: Judgement = { standing: 'demoted', adjustment: 0, why: 'nothing is known of its health yet' };
/** The agent has been silent for too long. Decision 0012. */
export const LOST: Judgement = { standing: 'demoted', adjustment: 0, why: 'nobody knows how the services are: the agent is silent' };

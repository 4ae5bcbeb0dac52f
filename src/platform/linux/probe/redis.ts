// Speaks with Redis and Valkey: AUTH, PING, ROLE in RESP2, with the codec of @redis/client. Its client brings 400 commands,
// reconnects, and introduces itself; one look needs none of that. Must not know time limits (databases.ts) nor what the answers
// mean (check/database.ts).
import { Decoder } from '@redis/client/dist/lib/RESP/decoder.js';
import encoder from '@redis/client/dist/lib/RESP/encoder.js';
import { judgeRedis } from '../../../check/database.ts';
import { redisRefusal } from '../../../check/database-refusal.ts';
import type { RedisProbe, Seen } from '../../../check/probe.ts';
import { Breach, type Gate } from './guarded-stream.ts';
import type { Session } from './session.ts';

type Command = readonly ['AUTH', ...string[]] | readonly ['PING'] | readonly ['ROLE'];

/** What came back: a value, or an error in the server's words. */
type Reply = { readonly value: unknown } | { readonly error: string };

export async function lookAtRedis(probe: RedisProbe, session: Session): Promise<Seen> {
  const stream = session.stream(createRedisGate());
  let answer: ((reply: Reply) => void) | null = null;
  const give = (reply: Reply): void => {
    if (answer === null) throw new Breach('an answer came that nobody asked for');
    answer(reply);
    answer = null;
  };
  const decoder = new Decoder({
    onReply: (value: unknown) => give({ value }),
    onErrorReply: error => give({ error: error.message }),
    onPush() {
      throw new Breach('it pushes what nobody asked for');
    },
    getTypeMapping: () => ({}),
  });
  stream.on('data', (chunk: Buffer) => decoder.write(chunk));
  const ask = (command: Command): Promise<Reply> => {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    answer = resolve;
    for (const piece of encoder.default([...command])) stream.write(piece);
    return promise;
  };

  if (session.password !== '' || probe.user !== null) {
    // The user came with Redis 6.
    const login = await ask(probe.user === null ? ['AUTH', session.password] : ['AUTH', probe.user, session.password]);
    if ('error' in login) return redisRefusal(session.plain(login.error), 'AUTH');
    if (login.value !== 'OK') throw new Breach('AUTH has another answer');
  }
  session.now('asking');
  const alive = await ask(['PING']);
  if ('error' in alive) return redisRefusal(session.plain(alive.error), 'PING');
  if (alive.value !== 'PONG') throw new Breach('PING has another answer');
  if (probe.role === null) return judgeRedis(probe, undefined);
  const role = await ask(['ROLE']);
  return 'error' in role ? redisRefusal(session.plain(role.error), 'ROLE') : judgeRedis(probe, role.value);
}

/** The decoder makes room for an array as long as it is said to be, before any of it is there, and calls itself for one inside of
 *  another. https://redis.io/docs/latest/develop/reference/protocol-spec/ */
function createRedisGate(): Gate {
  let tail = '';
  return {
    incoming(chunk) {
      const text = tail + chunk.toString('latin1');
      if (/[*~%>|]\d{6}|([*~%>|]\d*\r\n){5}/.test(text)) throw new Breach('no array is so long or so deep');
      tail = text.slice(-50);
      return [chunk];
    },
  };
}

import { clearImmediate, clearTimeout, setImmediate, setTimeout } from "node:timers";

/** Rejects with {@link DeadlineExceeded} unless `work` settles within `ms`. The result of late work is ignored. */
export const withTimeout = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  let lastChance: NodeJS.Immediate | undefined;
  const expired = new Promise<never>((_, reject) => {
    const expire = () => reject(new DeadlineExceeded(ms));
    timer = setTimeout(() => {
      // If the event loop was blocked, the result may have arrived and not been read yet. Read it before expiring.
      lastChance = setImmediate(expire);
    }, ms);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
    clearImmediate(lastChance);
  }
};

export class DeadlineExceeded extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

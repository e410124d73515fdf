/** Rejects with {@link DeadlineExceeded} unless `work` settles within `ms`; what it does later is ignored. */
export const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  let lastChance: NodeJS.Immediate | undefined;
  const expired = new Promise<never>((_, reject) => {
    const expire = () => reject(new DeadlineExceeded(ms));
    timer = setTimeout(() => {
      // Where this process itself was held up, the answer may be there and not be read yet: that comes before this.
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

/** No answer in time. */
export class DeadlineExceeded extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

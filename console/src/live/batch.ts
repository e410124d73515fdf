/**
 * Collects items and passes them on at once, at most once in `everyMs`. The first one after a pause is passed on
 * immediately.
 */
export const createBatch = <Item>(everyMs: number, onBatch: (items: Item[]) => void) => {
  let waiting: Item[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    if (waiting.length === 0) return;
    const items = waiting;
    waiting = [];
    timer = setTimeout(flush, everyMs);
    onBatch(items);
  };
  return {
    add: (item: Item): void => {
      waiting.push(item);
      if (timer === undefined) flush();
    },
    /** Drops what waits. */
    stop: (): void => {
      clearTimeout(timer);
      timer = undefined;
      waiting = [];
    },
  };
};

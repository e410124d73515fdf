export type ClientId = string | number;

/** Of each kind; bounds the memory to about 100 MB under an attack. The longest-known client is forgotten first. */
export const mostClients = 250_000;

/** Clients and when each was counted, the longest ago first. */
export class RecentClients {
  readonly #countedAt = new Map<ClientId, number>();
  // One iterator, kept: a new one would pass over all deleted entries at each call, up to half a million.
  readonly #oldestFirst = this.#countedAt.entries();
  #oldest: readonly [client: ClientId, atMs: number] | undefined;

  constructor(private readonly forgetAfterMs: number) {}

  /** Whether the client was not counted recently; if so, it is counted now. `nowMs` is monotonic. */
  isNew(client: ClientId, nowMs: number): boolean {
    const before = this.#countedAt.get(client);
    if (before !== undefined && nowMs - before < this.forgetAfterMs) return false;
    this.#countedAt.delete(client);
    this.#countedAt.set(client, nowMs);
    this.#forget(nowMs);
    return true;
  }

  /** Never reaches the end: the client that was counted last stays. */
  #forget(nowMs: number): void {
    for (;;) {
      this.#oldest ??= this.#oldestFirst.next().value;
      if (!this.#oldest) return;
      const [client, atMs] = this.#oldest;
      // A client that was counted again is further back, too.
      const isOldest = this.#countedAt.get(client) === atMs;
      const isRecent = nowMs - atMs < this.forgetAfterMs && this.#countedAt.size <= mostClients;
      if (isOldest && isRecent) return;
      if (isOldest) this.#countedAt.delete(client);
      this.#oldest = undefined;
    }
  }
}

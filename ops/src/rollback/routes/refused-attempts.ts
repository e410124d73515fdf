/** A request of a person without permission. */
export interface Refused {
  /** The unique id of the person. */
  person: string;
  /** Name and id, safe to show. */
  requestedBy: string;
  origin: string;
  attempt: string;
  code: string;
}

/** Distinct values are counted up to this limit: the number of accounts and addresses is unbounded. */
const mostCounted = 1_000;
const mostNames = 10;

/** Counts refused requests in bounded memory. */
export class RefusedAttempts {
  #attempts = 0;
  #from: Date | undefined;
  #to: Date | undefined;
  readonly #people = new Map<string, string>();
  readonly #origins = new Set<string>();
  readonly #byAttempt = new Map<string, number>();
  readonly #byCode = new Map<string, number>();

  get size(): number {
    return this.#attempts;
  }

  add({ person, requestedBy, origin, attempt, code }: Refused, at: Date): void {
    this.#attempts += 1;
    this.#from ??= at;
    this.#to = at;
    this.#meet(person, requestedBy);
    this.#seeFrom(origin);
    increase(this.#byAttempt, attempt, 1);
    increase(this.#byCode, code, 1);
  }

  /** Adds earlier counts. */
  take(earlier: RefusedAttempts): void {
    this.#attempts += earlier.#attempts;
    this.#from = earlier.#from;
    this.#to ??= earlier.#to;
    for (const [person, name] of earlier.#people) this.#meet(person, name);
    for (const origin of earlier.#origins) this.#seeFrom(origin);
    for (const [attempt, times] of earlier.#byAttempt) increase(this.#byAttempt, attempt, times);
    for (const [code, times] of earlier.#byCode) increase(this.#byCode, code, times);
  }

  /** The summary for the ledger. `people` and `addresses` stop at 1,000, which means that many or more. */
  summary() {
    const names = [...this.#people.values()].slice(0, mostNames);
    const origins = [...this.#origins];
    return {
      operator: names.length === 1 ? String(names[0]) : `${this.#people.size} people without permission`,
      origin: origins.length === 1 ? String(origins[0]) : `http, ${origins.length} addresses`,
      result: {
        from: this.#from?.toISOString(),
        to: this.#to?.toISOString(),
        attempts: this.#attempts,
        people: this.#people.size,
        names,
        addresses: origins.length,
        by_attempt: Object.fromEntries(this.#byAttempt),
        by_code: Object.fromEntries(this.#byCode),
      },
    };
  }

  #meet(person: string, name: string): void {
    if (this.#people.size < mostCounted && !this.#people.has(person)) this.#people.set(person, name);
  }

  #seeFrom(origin: string): void {
    if (this.#origins.size < mostCounted) this.#origins.add(origin);
  }
}

/** Actions and codes are constants of the program, so the maps stay small. */
const increase = (counts: Map<string, number>, name: string, by: number): void => {
  counts.set(name, (counts.get(name) ?? 0) + by);
};

import { bucketOfClient } from "../../ops/src/deployment/front/buckets.ts";

/** The shares of the traffic, in 1/10,000, that a release moves one after the other. */
const bounds = [100, 1_000, 5_000, 10_000];
const clientsOfEach = 500;

/**
 * Clients of which each phase of a release gets a quarter, instead of 1, 9, 40 and 50 %: otherwise minutes pass until 1 %
 * have sent the requests that a phase needs. A fifth of them are drivers.
 */
export class EvenClients {
  #clients = clientsFor("");

  /** Chooses the clients for a release. */
  chooseFor(release: string): void {
    this.#clients = clientsFor(release);
  }

  readonly of = (number: number): string => this.#clients[number % this.#clients.length] ?? "";
}

const clientsFor = (release: string): string[] => {
  const quarters = bounds.map((): string[] => []);
  for (let number = 0; quarters.some(({ length }) => length < clientsOfEach); number++) {
    const client = `${number % 5 === 0 ? "driver" : "client"}-${number}`;
    const bucket = bucketOfClient(release, `Bearer ${client}`);
    const quarter = quarters[bounds.findIndex((bound) => bucket < bound)];
    if (quarter && quarter.length < clientsOfEach) quarter.push(client);
  }
  return Array.from({ length: clientsOfEach }, (_, at) =>
    quarters.map((clients) => clients[at] ?? ""),
  ).flat();
};

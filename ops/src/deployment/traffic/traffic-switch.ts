/** The two places that a version of the service runs in. */
export const slots = ["blue", "green"] as const;
export type Slot = (typeof slots)[number];

export const otherSlot = (slot: Slot): Slot => (slot === "blue" ? "green" : "blue");

/** All clients; weights are in hundredths of a percent. */
export const fullWeight = 10_000;

/** The share of clients that each slot serves, in hundredths of a percent; the two add up to {@link fullWeight}. */
export type Weights = Readonly<Record<Slot, number>>;

/** All clients to one slot. */
export const allTo = (slot: Slot): Weights => ({
  blue: slot === "blue" ? fullWeight : 0,
  green: slot === "green" ? fullWeight : 0,
});

/** What still runs in a slot. */
export interface OpenWork {
  /** Requests without a complete response. */
  inFlight: number;
  /** Event streams and WebSockets. */
  streams: number;
}

/** Counts by latency bucket, as `bucketOf` of `core/latency-bucket.ts` numbers them; buckets ascend. */
export type BucketCounts = readonly (readonly [bucket: number, count: number])[];

/** What one slot did in a tick. A client counts in the tick in which its response ends. */
export interface SlotTick {
  requests: number;
  /** Responses of 500 and above, and requests that the slot did not answer. */
  failed: number;
  /** Distinct clients. */
  clients: number;
  /** Distinct clients with at least one failed request. */
  failedClients: number;
  /** Requests by latency; event streams and WebSockets have none. */
  latency: BucketCounts;
  /** Clients by their slowest request, for `clientsSlowerThan`. */
  slowest: BucketCounts;
  /** Whether there were more clients than a tick can tell apart; the others are missing in the counts of clients. */
  capped: boolean;
}

/** At most five seconds of traffic; a change of weights ends a tick early. */
export interface Tick {
  /** ISO 8601. */
  from: string;
  to: string;
  weights: Weights;
  epoch: number;
  slots: Readonly<Record<Slot, SlotTick>>;
}

/** Divides clients between the two slots. */
export interface TrafficSwitch {
  /** The weights in effect. `verified` is false if they could not be read back from the switch itself. */
  read(): Promise<{ weights: Weights; verified: boolean }>;
  /**
   * Sets the weights and verifies them.
   *
   * @param epoch number of the change; ascending
   * @throws Failure EB_TRAFFIC_EPOCH for an epoch older than the last one, EB_TRAFFIC_SWITCH if the switch does not
   *   answer or does not take the weights
   */
  set(weights: Weights, epoch: number): Promise<void>;
  /**
   * Waits until a slot of weight 0 is idle. Event streams and WebSockets are asked to reconnect.
   *
   * @returns the work that is still open at the deadline
   */
  drain(slot: Slot, deadlineMs: number): Promise<OpenWork>;
  /** Ticks from now on. If absent, the counts come from the instances. */
  ticks?(): AsyncIterable<Tick>;
}

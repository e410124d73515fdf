import type { Baseline } from "./baseline.ts";
import type { SlotCounts } from "./counts.ts";

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

/** The slot that serves most clients. */
export const productionSlot = ({ blue, green }: Weights): Slot => (green > blue ? "green" : "blue");

/** What still runs in a slot. */
export interface OpenWork {
  /** Requests without a complete response. */
  inFlight: number;
  /** Event streams and WebSockets. */
  streams: number;
}

/** At most five seconds of traffic; a change of weights ends a tick early. */
export interface Tick {
  /** ISO 8601. */
  from: string;
  to: string;
  weights: Weights;
  epoch: number;
  slots: Readonly<Record<Slot, SlotCounts>>;
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
  /** Ticks from now on, until the signal aborts. If absent, the counts come from the instances. */
  ticks?(signal?: AbortSignal): AsyncIterable<Tick>;
  /**
   * The hour before this release, fixed at its first weights; before them, the last hour. Null if it had too few requests
   * to compare with. If absent, it is unknown.
   */
  baseline?(): Promise<Baseline | null>;
  /** Requests that got no complete response from a slot, since the switch started. Absent if it does not count them. */
  lost?(slot: Slot): Promise<number>;
  /**
   * From now on, sets the weights again when the switch has others, as after its restart. Absent if it keeps them itself.
   *
   * @returns ends the watch
   */
  watch?(): () => void;
}

import {
  AlertManager,
  type AlertManagerOptions,
  type Attempt,
  type Dispatcher,
  type Notification,
} from "earlybird/alerts";
import { createLogger } from "../../ops/src/core/logger.ts";
import { StandingClock } from "./clock.ts";

/** What rules look at. */
export type Observed = Parameters<AlertManager["observe"]>[0];

const pool = { size: 10, in_use: 0, waiting: 0 };

export const well: Observed = {
  database: { status: "healthy", response_time_ms: 1, pool, reason: null },
  system: { cpu_percent: 1, memory_percent: 1 },
  performance: { requests: 0, errors: 0, endpoints: [] },
};
export const down: Observed = {
  ...well,
  database: { status: "unhealthy", response_time_ms: null, pool, reason: "ECONNREFUSED" },
};

/** The same, while requests fail and a route is slow. */
export const withSymptoms = (observed: Observed): Observed => ({
  ...observed,
  performance: {
    requests: 100,
    errors: 50,
    endpoints: [{ method: "GET", route: "/api/orders", requests: 100, p95_ms: 3_000 }],
  },
});

/** A manager of alerts on a clock that stands still, with the notifications that it has handed on. */
export interface Decisions {
  alerts: AlertManager;
  clock: StandingClock;
  told: Notification[];
  /** Each told notification as `fired DATABASE_DOWN`. */
  words(): string[];
  /** Takes snapshots, one a second, and waits until all is decided. */
  observe(...observed: Observed[]): Promise<void>;
  /** Lets time pass, a tick at its end, and waits until all is decided. */
  pass(seconds: number): Promise<void>;
  /** The dispatcher has them on disk, and is about to send them. */
  find(...notifications: Notification[]): Promise<void>;
  /** What a channel's attempt is reported with. */
  report(attempt: Attempt): void;
}

export const startOfTime = "2026-01-05T04:00:00.000Z";

/**
 * @param options.clock to share time with another manager
 * @param options.dispatch what becomes of a notification before it counts as told
 */
export const createDecisions = ({
  clock = new StandingClock(startOfTime),
  dispatch = async () => undefined,
  ...options
}: Partial<Omit<AlertManagerOptions, "clock">> & {
  clock?: StandingClock;
  dispatch?: (notification: Notification) => Promise<void>;
} = {}): Decisions => {
  const told: Notification[] = [];
  const listeners: ((attempt: Attempt) => void)[] = [];
  let beforeSending: Parameters<Dispatcher["beforeSending"]>[0] = async () => undefined;
  const dispatcher: Dispatcher = {
    dispatch: async (notification) => {
      await dispatch(notification);
      told.push(notification);
    },
    beforeSending: (listener) => {
      beforeSending = listener;
      return () => undefined;
    },
    onAttempt: (listener) => {
      listeners.push(listener);
      return () => void listeners.splice(listeners.indexOf(listener), 1);
    },
    channels: () => [{ channel: "slack", state: "working", reason: null, since: startOfTime, waiting: 0 }],
  };
  const alerts = new AlertManager({ dispatcher, log: createLogger("silent"), clock, ...options });
  return {
    alerts,
    clock,
    told,
    words: () => told.map(({ occasion, alert }) => `${occasion} ${alert.type}`),
    observe: async (...observed) => {
      for (const one of observed) {
        alerts.observe(one);
        await alerts.settled();
        clock.advanceMs(1_000);
      }
    },
    pass: async (seconds) => {
      clock.advanceMs(seconds * 1_000);
      alerts.tick();
      await alerts.settled();
    },
    find: (...notifications) => beforeSending(notifications.map((one) => ({ ...one, channels: ["slack"] }))),
    report: (attempt) => {
      for (const listener of listeners) listener(attempt);
    },
  };
};

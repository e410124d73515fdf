import {
  AlertManager,
  type AlertManagerOptions,
  type Attempt,
  type Dispatcher,
  type Notification,
} from "@earlybird-ops/platform/alerts";
import { createLogger } from "../../ops/src/core/logger.ts";
import { StandingClock } from "./clock.ts";

/** What rules look at. */
export type Observed = Parameters<AlertManager["observe"]>[0];

const pool = { size: 10, in_use: 0, waiting: 0 };

export const well: Observed = {
  database: { status: "healthy", response_time_ms: 1, pool, reason: null },
  system: { cpu_percent: 1, memory_percent: 1, event_loop_utilization_percent: 1 },
  performance: { requests: 0, errors: 0, endpoints: [] },
};
export const down: Observed = {
  ...well,
  database: {
    status: "unhealthy",
    problem: "unreachable",
    response_time_ms: null,
    pool,
    reason: "ECONNREFUSED",
  },
};

/** The same, while requests fail and a route is slow. */
export const withSymptoms = (observed: Observed): Observed => ({
  ...observed,
  performance: {
    requests: 100,
    errors: 50,
    endpoints: [
      { method: "GET", route: "/api/orders", requests: 100, errors: 0, p95_ms: 3_000, last_error: null },
    ],
  },
});

/** An alert manager on a manual clock, with the notifications that it sent. */
export interface Decisions {
  alerts: AlertManager;
  clock: StandingClock;
  told: Notification[];
  /** Each notification as `fired DATABASE_DOWN`. */
  words(): string[];
  /** Observes snapshots, one a second, and waits until everything is decided. */
  observe(...observed: Observed[]): Promise<void>;
  /** Advances the clock, ticks once, and waits until everything is decided. */
  pass(seconds: number): Promise<void>;
  /** Announces that the dispatcher has notifications on disk. */
  find(...notifications: Notification[]): Promise<void>;
  /** Reports an attempt of a channel. */
  report(attempt: Attempt): void;
}

export const startOfTime = "2026-01-05T04:00:00.000Z";

/**
 * @param options.clock to share time with another manager
 * @param options.dispatch called with each notification before it counts as sent
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

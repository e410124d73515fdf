import type pg from "pg";
import { type Clock, systemClock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { steadyClock } from "../core/steady-clock.ts";
import { Acknowledgements } from "./incidents/acknowledgements.ts";
import { Incidents } from "./incidents/active.ts";
import { IncidentLifecycle } from "./incidents/lifecycle.ts";
import { Records } from "./incidents/records.ts";
import { Silences } from "./incidents/silences.ts";
import { AlertType } from "./model/alert.ts";
import { keyOfChannel } from "./model/channel-alert.ts";
import type { Attempt, Dispatcher } from "./model/notification.ts";
import { noDeduplication } from "./notify/deduplication.ts";
import { DeliveryLog } from "./notify/delivery-log.ts";
import { Notifier } from "./notify/notifier.ts";
import { type AlertDeclaration, rulesOf } from "./rules/declared/index.ts";
import { rules } from "./rules/index.ts";
import { RuleEngine } from "./rules/rule-engine.ts";
import { defaultThresholds, type Thresholds } from "./rules/thresholds.ts";
import { SharedAlerts } from "./storage/shared-alerts.ts";
import { clampTimestamps } from "./storage/state/clamp-timestamps.ts";
import { restoreSnapshot, takeSnapshot, withoutUndeclared } from "./storage/state/snapshot.ts";
import { StateFile } from "./storage/state/state-file.ts";

export interface AlertManagerOptions {
  /** Sends the notifications. The caller starts and stops it. */
  dispatcher: Dispatcher;
  log: Logger;
  clock?: Clock;
  /** Overrides of {@link defaultThresholds}. */
  thresholds?: Partial<Thresholds>;
  /**
   * Alerts of the service, beside the built-in ones; see `assertDeclarations`. A command, which does not know them, leaves
   * it out and keeps their state for the server.
   */
  declared?: readonly AlertDeclaration[] | undefined;
  /** The pool of the monitoring, never that of the service. Instances share history, mutes and claims in it. */
  database?: pg.Pool;
  /** Where the state survives a restart. Without it, the state is lost. */
  dataDir?: string;
  /** The number of running instances that come before this one; 0 if unknown. */
  rank?: () => number;
}

export type Pipeline = ReturnType<typeof createPipeline>;

/** Wires the alerts: rule engine, incidents, notifier, dispatcher; beside them the stores. */
export const createPipeline = (options: AlertManagerOptions) => {
  const { dispatcher, log, clock = systemClock, dataDir, database, rank = () => 0 } = options;
  const nowMs = steadyClock(clock);
  const declared = (options.declared ?? []).flatMap(rulesOf);
  const declaredKeys = options.declared && new Set(declared.map(({ key = "" }) => key));
  const engine = new RuleEngine({
    rules: [...rules, ...declared],
    thresholds: { ...defaultThresholds, ...options.thresholds },
  });
  const incidents = new Incidents();
  const silences = new Silences();
  const records = new Records();
  const acknowledgements = new Acknowledgements({ incidents, onChange: (record) => records.changed(record) });
  const shared =
    database &&
    new SharedAlerts({
      pool: database,
      log,
      clock,
      silences,
      acknowledgements,
      records,
      incidents,
      isUnavailable: () => engine.stateOf(AlertType.DATABASE_DOWN) !== "inactive",
    });
  const deliveryLog = new DeliveryLog({
    records,
    incidents,
    find: async (id) => (shared ? shared.find(id) : null),
  });
  const notifier = new Notifier({
    dispatcher,
    claims: shared ?? noDeduplication,
    rank,
    incidents,
    silences,
    causeOf: (incident, atMs) => incidents.causeOf(incident, engine, atMs),
    onChange: (record) => records.changed(record),
    save: async () => stateFile?.save(),
    clock,
    nowMs,
    log,
  });
  const lifecycle = new IncidentLifecycle({
    incidents,
    records,
    declared: declaredKeys,
    acknowledgements,
    onChange: () => notifier.schedule(),
    clock,
    nowMs,
  });
  const sources = { engine, incidents, silences, acknowledgements, records, notifier };
  const stateFile: StateFile | undefined =
    dataDir === undefined
      ? undefined
      : new StateFile({
          dataDir,
          log,
          clock,
          take: () => takeSnapshot(sources, { now: clock.now(), isShared: shared !== undefined }),
          adopt: (state) => {
            restoreSnapshot(sources, clampTimestamps(withoutUndeclared(state, declaredKeys), nowMs()));
            lifecycle.resolveAdopted(dispatcher.channels().map(({ channel }) => channel));
          },
        });
  stateFile?.maintain();

  const isWorking = (name: string) =>
    dispatcher.channels().some(({ channel, state }) => channel === name && state === "working");
  const onAttempt = (attempt: Attempt) => {
    // Another process may have raised the alert about this channel, and its state may not be here yet.
    if (attempt.outcome === "accepted" && isWorking(attempt.channel)) {
      lifecycle.resolve(AlertType.CUSTOM, keyOfChannel(attempt.channel));
    }
    deliveryLog.add(attempt);
  };
  const unsubscribe = [
    dispatcher.beforeSending((notifications) => notifier.markNotified(notifications)),
    dispatcher.onAttempt(onAttempt),
  ];
  return {
    declared,
    dispatcher,
    clock,
    nowMs,
    engine,
    incidents,
    silences,
    acknowledgements,
    records,
    shared,
    deliveryLog,
    notifier,
    lifecycle,
    stateFile,
    unsubscribe,
  };
};

import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { type Clock, systemClock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { steadyClock } from "../core/steady-clock.ts";
import { within } from "../monitoring/index.ts";
import { Incidents } from "./incidents/active.ts";
import { EndsAhead } from "./incidents/early-resolutions.ts";
import type { HistoryFilter, HistoryPage } from "./incidents/history-filter.ts";
import type { Cause } from "./incidents/inhibition.ts";
import type { Mute, MuteRequest, MuteTarget } from "./incidents/mute.ts";
import { demandRaised, firingUnder, quietIn, type RaiseRequest, raiseIn } from "./incidents/raise.ts";
import { Records } from "./incidents/records.ts";
import { MuteBook } from "./incidents/silences.ts";
import { type AlertSummary, statisticsOf, tallyOf } from "./incidents/statistics.ts";
import { type Alert, AlertType } from "./model/alert.ts";
import { inWords } from "./model/duration.ts";
import { oneOfEach } from "./model/fingerprint.ts";
import type { Attempt, Dispatcher } from "./model/notification.ts";
import type { RaisedType } from "./model/raised-types.ts";
import type { Incident } from "./model/record.ts";
import { storableKey } from "./model/sanitize.ts";
import { beginningOf, endOf } from "./notify/alert-messages.ts";
import { brokenChannelIn, keyOfChannel } from "./notify/channel.ts";
import { noClaims } from "./notify/deduplication.ts";
import { AttemptNotes } from "./notify/delivery-log.ts";
import { Teller } from "./notify/dispatch-once.ts";
import { alertUnknown, type Explanation, explain } from "./notify/explain.ts";
import { Telling } from "./notify/notifier.ts";
import { rules } from "./rules/index.ts";
import type { Observed } from "./rules/rule.ts";
import { RuleBoard, type Transition } from "./rules/rule-engine.ts";
import { defaultThresholds, type Thresholds } from "./rules/thresholds.ts";
import { SharedAlerts } from "./storage/shared-alerts.ts";
import { notLater } from "./storage/state/clamp-timestamps.ts";
import type { SavedState } from "./storage/state/saved-state.ts";
import { adoptState, collectState } from "./storage/state/snapshot.ts";
import { StateFile } from "./storage/state/state-file.ts";

/** Where snapshots come from; the monitoring service is one. */
export interface SnapshotSource {
  onSnapshot(listener: (snapshot: Observed) => void): () => void;
}

export interface AlertManagerOptions {
  /** Brings what is decided to people. Whoever made it starts and stops it. */
  dispatcher: Dispatcher;
  log: Logger;
  clock?: Clock;
  /** Where they differ from {@link defaultThresholds}. */
  thresholds?: Partial<Thresholds>;
  /** A small pool of monitoring's own, never the service's: history, mutes and claims are shared there. */
  database?: pg.Pool;
  /** Where the state outlives a restart; left out, it does not. */
  dataDir?: string;
  /** How many living instances come before this one; 0 when that is not known. */
  rank?: () => number;
}

const tickMs = 1_000;
const leaveWithinMs = 1_000;

/**
 * Watches what the monitoring finds, is told what the service finds, and decides who must know: once for an
 * incident, once for all instances, and why not where not. Needs no database, and loses nothing without it.
 */
export class AlertManager {
  readonly #clock: Clock;
  readonly #nowMs: () => number;
  readonly #board: RuleBoard;
  readonly #incidents = new Incidents();
  readonly #endsAhead = new EndsAhead();
  readonly #mutes = new MuteBook();
  readonly #records = new Records();
  readonly #attempts: AttemptNotes;
  readonly #telling: Telling;
  readonly #shared: SharedAlerts | undefined;
  readonly #file: StateFile | undefined;
  readonly #dispatcher: Dispatcher;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #endings: (() => void)[] = [];
  /** Ends hearing from the dispatcher. */
  readonly #hearing: (() => void)[];

  constructor(options: AlertManagerOptions) {
    const { dispatcher, log, clock = systemClock, dataDir, database, rank = () => 0 } = options;
    this.#clock = clock;
    this.#nowMs = steadyClock(clock);
    this.#dispatcher = dispatcher;
    const thresholds = { ...defaultThresholds, ...options.thresholds };
    this.#board = new RuleBoard({ rules, thresholds });
    if (database) {
      this.#shared = new SharedAlerts({
        pool: database,
        log,
        clock,
        mutes: this.#mutes,
        records: this.#records,
        incidents: this.#incidents,
        isAway: () => this.#board.stateOf(AlertType.DATABASE_DOWN) !== "inactive",
      });
    }
    this.#attempts = new AttemptNotes({
      records: this.#records,
      incidents: this.#incidents,
      find: async (id) => (this.#shared ? this.#shared.find(id) : null),
    });
    this.#telling = new Telling({
      teller: new Teller({ dispatcher, claims: this.#shared ?? noClaims, rank, clock }),
      incidents: this.#incidents,
      mutes: this.#mutes,
      causeOf: (incident, nowMs) => this.#causeOf(incident, nowMs),
      onChange: (record) => this.#records.changed(record),
      save: async () => this.#file?.save(),
      clock,
      nowMs: this.#nowMs,
      log,
    });
    if (dataDir !== undefined) {
      const parts = {
        board: this.#board,
        incidents: this.#incidents,
        mutes: this.#mutes,
        records: this.#records,
        telling: this.#telling,
      };
      const isShared = this.#shared !== undefined;
      const take = () => collectState(parts, { now: clock.now(), isShared });
      const adopt = (state: SavedState) => {
        adoptState(parts, notLater(state, this.#nowMs()));
        this.#endAdopted();
      };
      this.#file = new StateFile({ dataDir, log, clock, take, adopt });
      this.#file.tend();
    }
    this.#hearing = [
      dispatcher.beforeSending((notifications) => this.#telling.noteTold(notifications)),
      dispatcher.onAttempt((attempt) => this.#noteAttempt(attempt)),
    ];
  }

  /** Begins to watch; a process has one manager that watches one monitoring. */
  watch(monitoring: SnapshotSource): void {
    const ticks = setInterval(() => this.tick(), tickMs).unref();
    const unwatch = monitoring.onSnapshot((snapshot) => this.observe(snapshot));
    this.#endings.push(() => clearInterval(ticks), unwatch);
  }

  /** Takes note of one snapshot. */
  observe(snapshot: Observed): void {
    const nowMs = this.#nowMs();
    const transitions = this.#board.observe(snapshot, nowMs);
    for (const transition of transitions) this.#follow(transition, nowMs);
    this.#lookedAtMs = nowMs;
    this.#telling.work();
    if (transitions.length > 0) void this.#file?.save();
  }

  /**
   * Says that something is wrong. Returns at once, with the alert that begins, or with the one that fires
   * already and has occurred once more (`details.occurrences`). Where this is more severe than before, the
   * alert takes over severity, message and details, and people are told that it has become worse.
   *
   * @throws Failure EB_ALERT_TYPE
   */
  raise(request: RaiseRequest): Alert {
    const { incident, change } = raiseIn(this.#incidents, request, this.#clock.now(), this.#nowMs());
    if (change === "begun") this.#records.add(incident);
    else this.#records.changed(incident);
    if (change !== "repeated") this.#telling.schedule();
    return incident.alert;
  }

  /**
   * Says that what was raised is over; without a key, all that was raised without one. Returns the alert as it ended,
   * of several the last; undefined when none fired.
   *
   * @throws Failure EB_ALERT_TYPE
   */
  resolve(type: RaisedType, key = ""): Alert | undefined {
    demandRaised(type);
    const over = firingUnder(this.#incidents, type, key);
    for (const incident of over) this.#endRaised(incident);
    if (over.length === 0 || key === "") this.#endsAhead.note(type, storableKey(key), this.#nowMs());
    return over.at(-1)?.alert;
  }

  /** Alerts of this process that fire now. */
  active(): Alert[] {
    return this.#incidents.firing().map(({ alert }) => alert);
  }

  /** What fires in any instance, as of the last contact; what several see, once. */
  activeAnywhere(): Alert[] {
    const others = this.#shared?.firing.filter(({ id }) => !this.#records.isOurs(id)) ?? [];
    return oneOfEach([...this.active(), ...others]);
  }

  /**
   * Alerts of the last 90 days and of all instances, newest first; without the database, of this process and
   * the last thousand.
   *
   * @throws Failure EB_ALERT_PAGE
   */
  async history(filter: HistoryFilter): Promise<HistoryPage> {
    const page = this.#records.page(filter);
    const isAllThereIs = page.next !== null || !this.#records.isFull;
    if (!this.#shared || (isAllThereIs && this.#shared.hasRead)) return page;
    return (await this.#shared.page(filter)) ?? page;
  }

  /** How many fire in any instance, what is muted, how the channels are, and the numbers of the last thirty days. */
  summary(): AlertSummary {
    const now = this.#clock.now();
    const tallies = this.#shared?.tallies ?? this.#records.all().map(tallyOf);
    return {
      active: this.activeAnywhere().length,
      muted: this.#mutes.all(now),
      channels: this.#dispatcher.channels(),
      ...statisticsOf(tallies, now),
    };
  }

  /**
   * Holds back alerts of a type, or all, for a while. They are recorded all the same, and what still fires at
   * the end is told. The other instances know within seconds.
   *
   * @throws Failure EB_MUTE_NEEDS_REASON, EB_MUTE_DURATION
   */
  async mute(request: MuteRequest): Promise<Mute> {
    await this.#shared?.shareMutes();
    const mute = this.#mutes.mute(request, this.#clock.now());
    await this.#mutesChanged();
    return mute;
  }

  /** @throws Failure EB_NOT_MUTED */
  async unmute(request: { type: MuteTarget; author: string }): Promise<Mute> {
    await this.#shared?.shareMutes();
    const mute = this.#mutes.unmute(request, this.#clock.now());
    await this.#mutesChanged();
    return mute;
  }

  /** Those in force. */
  mutes(): Mute[] {
    return this.#mutes.all(this.#clock.now());
  }

  /** @throws Failure EB_ALERT_UNKNOWN */
  async explain(id: string): Promise<Explanation> {
    // What another instance has seen may have moved on since we last read it.
    const known = this.#attempts.recordOf(id);
    const record = this.#records.isOurs(id) ? known : ((await this.#shared?.find(id)) ?? known);
    if (!record) throw alertUnknown(id);
    return explain(
      record,
      this.#dispatcher.channels().map(({ channel }) => channel),
    );
  }

  /** What time brings about: called every second while the manager watches. */
  tick(): void {
    const nowMs = this.#nowMs();
    for (const { incident, message } of quietIn(this.#incidents, nowMs)) this.#end(incident, message);
    this.#telling.work();
    this.#attempts.place();
    // Not at each attempt: a storm of alerts makes thousands of them.
    if (this.#attempts.takeNews()) void this.#file?.save();
    this.#file?.tend();
    this.#shared?.keepUp(nowMs);
  }

  /**
   * Resolves when all that can be told now is with the dispatcher, and nothing is being written to disk or
   * exchanged with the other instances.
   */
  async settled(): Promise<void> {
    await this.#telling.settled();
    await this.#file?.atRest();
    await this.#attempts.settled();
    await this.#shared?.atRest();
  }

  /**
   * Stops watching; gives what is under way `graceMs` to come to rest. Then stop the dispatcher, and {@link close}.
   */
  async stop(graceMs = 2_000): Promise<void> {
    for (const end of this.#endings.splice(0)) end();
    await this.#rest(graceMs, async () => this.#file?.save());
  }

  /** Saves what has become of the last notifications, and leaves it all to whoever comes next. */
  async close(graceMs = 2_000): Promise<void> {
    const leave = async () => this.#file?.leave();
    await this.#rest(graceMs, leave);
    // Whatever did not come to rest: whoever comes next need not wait until this process has been silent.
    await within(leaveWithinMs, leave()).catch(() => undefined);
    for (const end of this.#hearing) end();
  }

  async #rest(graceMs: number, save: () => Promise<void>): Promise<void> {
    const comeToRest = async () => {
      await this.settled();
      await save();
      await this.#shared?.stop();
    };
    const enough = new AbortController();
    await Promise.race([comeToRest(), sleep(graceMs, undefined, { ref: false, signal: enough.signal })]);
    enough.abort();
  }

  #follow(transition: Transition, nowMs: number): void {
    const incident = this.#incidents.find(transition.rule.type, transition.key);
    if (transition.transition === "fired") {
      const now = this.#clock.now();
      if (!incident)
        this.#records.add(this.#incidents.begin(beginningOf(transition, now, nowMs), now, nowMs));
    } else if (incident) {
      incident.alert.details.lasted_seconds = Math.round(transition.lastedMs) / 1000;
      this.#end(incident, endOf(transition));
    }
  }

  /** What comes from another process may have been over for a while, or be about a channel that it had. */
  #endAdopted(): void {
    const channels = this.#dispatcher.channels().map(({ channel }) => channel);
    for (const incident of this.#incidents.firing()) {
      const broken = brokenChannelIn(incident.alert);
      if (this.#endsAhead.has(incident)) this.#endRaised(incident);
      else if (broken !== undefined && !channels.includes(broken)) {
        this.#end(incident, `The channel ${broken} is not set up any more.`);
      }
    }
  }

  #endRaised(incident: Incident): void {
    const lastedMs = this.#nowMs() - incident.firedMs;
    this.#end(incident, `It is over, after ${inWords(lastedMs)}: ${incident.alert.message}`);
  }

  #end(incident: Incident, message: string): void {
    this.#incidents.end(incident, message, this.#clock.now(), this.#nowMs());
    this.#records.changed(incident);
    this.#telling.schedule();
  }

  #causeOf(incident: Incident, nowMs: number): Cause {
    const isPending = (type: AlertType) => this.#board.stateOf(type) === "pending";
    return this.#incidents.causeOf(incident, { isPending, lookedAtMs: this.#lookedAtMs }, nowMs);
  }

  async #mutesChanged(): Promise<void> {
    this.#telling.schedule();
    await this.#file?.save();
    await this.#shared?.shareMutes();
  }

  #works(name: string): boolean {
    return this.#dispatcher.channels().some(({ channel, state }) => channel === name && state === "working");
  }

  #noteAttempt(attempt: Attempt): void {
    // That it is broken may be what another process has found, whose state is not here yet.
    if (attempt.outcome === "accepted" && this.#works(attempt.channel)) {
      this.resolve(AlertType.CUSTOM, keyOfChannel(attempt.channel));
    }
    this.#attempts.note(attempt);
  }
}

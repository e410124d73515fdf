import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/message-of.ts";
import { newCommands, type ReleaseCommand } from "./inbox.ts";
import type { ActDirection, Journal } from "./journal.ts";
import { type Progress, replay } from "./replay.ts";
import type { Act, GateVerdict, Stage } from "./stage.ts";
import { isAllowed, isOver, type ReleaseState } from "./state.ts";

export interface ConductorOptions {
  /** The directory of the release, with its inbox. */
  directory: string;
  journal: Journal;
  /** All stages of the release, in order. */
  stages: readonly Stage[];
  clock: Clock;
  /** Whether an error is that of something that is away and may come back, such as the database. */
  isOutage: (error: unknown) => boolean;
  lookEveryMs?: number;
  /** How long an act is repeated while it is taken back, before the release is stuck. */
  undoWithinMs?: number;
}

/**
 * Runs a release: does the acts of each stage, asks its gate, obeys commands, and takes everything back in reverse order.
 * Intent and outcome of each act are in the journal, so another conductor can go on after a crash at any moment.
 */
export class Conductor {
  readonly #options: Required<ConductorOptions>;
  /** When an act was taken back last, or was to be for the first time. */
  #undoneMs: number | undefined;

  constructor(options: ConductorOptions) {
    this.#options = { lookEveryMs: 200, undoWithinMs: 600_000, ...options };
  }

  get progress(): Progress {
    return replay(this.#options.journal.entries);
  }

  /** Goes on from where the journal ends. Resolves with `completed`, `reverted` or `stuck`. */
  async run(signal?: AbortSignal): Promise<ReleaseState> {
    if (this.progress.state === "stuck") await this.#enter("reverting", "resumed");
    while (!signal?.aborted) {
      await this.#obeyCommands();
      const { state } = this.progress;
      if (state === "stuck" || isOver(state)) return state;
      if (state === "reverting") await this.#undoLast();
      else if (state === "held") await this.#lookWhileHeld();
      else await this.#goForward();
    }
    return this.progress.state;
  }

  async #obeyCommands(): Promise<void> {
    const taken = new Set(this.progress.commands.map(({ id }) => id));
    for (const command of await newCommands(this.#options.directory, taken)) await this.#obey(command);
  }

  async #obey({ id, command, by, reason }: ReleaseCommand): Promise<void> {
    const { state, stage } = this.progress;
    await this.#options.journal.append({ type: "command", at: this.#now(), id, command, by, reason });
    // Two people may send commands at once: the later one may have lost its meaning.
    if (!isAllowed(command, state)) return;
    const why = `${by}: ${reason}`;
    if (command === "revert") await this.#enter("reverting", why);
    if (command === "hold") await this.#enter("held", why);
    if (command === "advance") await this.#enter(this.#isHeldByGate() ? this.#after(stage) : stage, why);
  }

  /** A gate has held the release, not a person: to advance means to go past the gate. */
  #isHeldByGate(): boolean {
    const { stage, acts, heldByPerson } = this.progress;
    return !heldByPerson && this.#stage(stage).acts.every(({ name }) => acts.get(name) === "done");
  }

  async #goForward(): Promise<void> {
    const { stage: state, acts } = this.progress;
    const stage = this.#stage(state);
    const act = stage.acts.find(({ name }) => acts.get(name) !== "done");
    if (act) await this.#do(act);
    else await this.#askGate(stage);
  }

  async #do(act: Act): Promise<void> {
    const error = await this.#attemptUnlessReverted(act);
    if (error === undefined) return;
    const reason = `${act.name}: ${messageOf(error)}`;
    if (this.#options.isOutage(error)) await this.#enter("held", reason, true);
    else await this.#enter("reverting", reason);
  }

  /** A long act need not be waited for, if it is to be taken back anyway. */
  #attemptUnlessReverted({ name, do: work }: Act): Promise<unknown> {
    return this.#untilReverted((signal) => this.#attempt(name, "do", () => work(signal)));
  }

  /** @param work its signal aborts when a person reverts the release */
  async #untilReverted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const reverting = new AbortController();
    const taken = new Set(this.progress.commands.map(({ id }) => id));
    const watch = setInterval(() => {
      void newCommands(this.#options.directory, taken)
        .then((commands) => commands.some(({ command }) => command === "revert") && reverting.abort())
        .catch(() => undefined);
    }, this.#options.lookEveryMs);
    try {
      return await work(reverting.signal);
    } finally {
      clearInterval(watch);
    }
  }

  async #askGate({ state, gate }: Stage): Promise<void> {
    const { since, commands } = this.progress;
    const entered = since ?? this.#options.clock.now();
    const decision: GateVerdict = gate
      ? await this.#untilReverted((signal) => gate({ since: entered, commands, signal }))
      : { verdict: "pass" };
    if (decision.verdict === "pass") await this.#enter(this.#after(state), null);
    else if (decision.verdict === "wait") await sleep(this.#options.lookEveryMs);
    else await this.#enter(decision.verdict === "hold" ? "held" : "reverting", decision.reason);
  }

  /** Triggers count while a release is held; only a person, or the end of an outage, makes it go on. */
  async #lookWhileHeld(): Promise<void> {
    await sleep(this.#options.lookEveryMs);
    const { stage: state, since, commands, outage, acts } = this.progress;
    const { gate, acts: all } = this.#stage(state);
    const areDone = all.every(({ name }) => acts.get(name) === "done");
    if (outage && !areDone)
      return this.#retryAfterOutage(all.filter(({ name }) => acts.get(name) !== "done"));
    if (!gate || !areDone) return;
    const entered = since ?? this.#options.clock.now();
    const decision = await this.#untilReverted((signal) =>
      gate({ since: entered, commands, held: true, signal }),
    );
    if (decision.verdict === "revert") await this.#enter("reverting", decision.reason);
  }

  async #retryAfterOutage([act]: readonly Act[]): Promise<void> {
    if (!act) return;
    const { stage } = this.progress;
    const error = await this.#attemptUnlessReverted(act);
    if (error === undefined) await this.#enter(stage, null);
    else if (!this.#options.isOutage(error))
      await this.#enter("reverting", `${act.name}: ${messageOf(error)}`);
    else await sleep(this.#options.lookEveryMs * 10);
  }

  /** Takes back the last act that is not taken back yet, or ends. */
  async #undoLast(): Promise<void> {
    const { acts, reason } = this.progress;
    const [name] = [...acts].filter(([, state]) => state !== "undone").at(-1) ?? [];
    if (name === undefined) return this.#enter("reverted", reason);
    const act = this.#options.stages.flatMap((stage) => stage.acts).find((each) => each.name === name);
    const undo = act?.undo ?? (() => Promise.resolve("nothing to take back"));
    const error = await this.#attempt(name, "undo", undo);
    const nowMs = this.#options.clock.monotonicMs();
    if (error === undefined) {
      this.#undoneMs = nowMs;
      return;
    }
    this.#undoneMs ??= nowMs;
    if (!this.#options.isOutage(error) || nowMs - this.#undoneMs > this.#options.undoWithinMs)
      return this.#enter("stuck", `${name}: ${messageOf(error)}`);
    await sleep(this.#options.lookEveryMs * 10);
  }

  /** @returns the error, or undefined */
  async #attempt(act: string, direction: ActDirection, work: () => Promise<string>): Promise<unknown> {
    const { journal, clock } = this.#options;
    await journal.append({ type: "intent", at: this.#now(), act, direction });
    const began = clock.monotonicMs();
    const [ok, evidence, error] = await work().then(
      (text): [boolean, string, unknown] => [true, text, undefined],
      (error: unknown): [boolean, string, unknown] => [false, messageOf(error), error ?? new Error("failed")],
    );
    const duration_ms = Math.round(clock.monotonicMs() - began);
    await journal.append({ type: "outcome", at: this.#now(), act, direction, ok, duration_ms, evidence });
    return error;
  }

  #stage(state: ReleaseState): Stage {
    const stage = this.#options.stages.find((each) => each.state === state);
    if (!stage) throw new Error(`the release has no stage ${state}`);
    return stage;
  }

  #after(state: ReleaseState): ReleaseState {
    const { stages } = this.#options;
    return stages[stages.findIndex((each) => each.state === state) + 1]?.state ?? "completed";
  }

  #enter(state: ReleaseState, reason: string | null, outage = false): Promise<void> {
    return this.#options.journal.append({ type: "state", at: this.#now(), state, reason, outage });
  }

  #now(): string {
    return this.#options.clock.now().toISOString();
  }
}

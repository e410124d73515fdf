import type { Logger } from "../core/logger.ts";
import { messageOf } from "../core/message-of.ts";
import { withTimeout } from "../core/with-timeout.ts";
import { assertGauge, type GaugeDeclaration, type GaugeReading } from "./gauge.ts";

const readTimeoutMs = 1_000;

type Result = { state: "unread" } | { state: "read"; value: number } | { state: "failed"; problem: string };

interface Gauge {
  declaration: GaugeDeclaration;
  result: Result;
  isBusy: boolean;
}

/** Reads the gauges of the service. One that throws or hangs loses its own value only. */
export class Gauges {
  readonly #byName = new Map<string, Gauge>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @throws Failure EB_GAUGE_NAME, EB_GAUGE_INCOMPLETE, EB_GAUGE_DUPLICATE */
  declare(declaration: GaugeDeclaration): void {
    assertGauge(declaration, (name) => this.#byName.has(name));
    this.#byName.set(declaration.name, { declaration, result: { state: "unread" }, isBusy: false });
  }

  /** As of the last sample, in order of declaration. */
  readings(): GaugeReading[] {
    return [...this.#byName.values()].map(({ declaration: { name, help, unit = null }, result }) => ({
      name,
      help,
      unit,
      value: result.state === "read" ? result.value : null,
      problem: problemOf(result),
    }));
  }

  /** Reads all gauges at once. Never rejects; takes at most a second. */
  async sample(): Promise<void> {
    await Promise.all([...this.#byName.values()].map((gauge) => this.#sample(gauge)));
  }

  async #sample(gauge: Gauge): Promise<void> {
    // A read that hangs is not started again: each might hold a connection or a lock.
    if (gauge.isBusy) return;
    const before = gauge.result.state;
    gauge.result = await this.#read(gauge);
    const { name } = gauge.declaration;
    if (gauge.result.state === before) return;
    if (gauge.result.state === "failed") {
      this.#log.warn({ gauge: name, reason: gauge.result.problem }, `the gauge ${name} cannot be read`);
    } else if (before === "failed") this.#log.info({ gauge: name }, `the gauge ${name} is read again`);
  }

  async #read(gauge: Gauge): Promise<Result> {
    gauge.isBusy = true;
    const reading = (async () => gauge.declaration.read())().finally(() => {
      gauge.isBusy = false;
    });
    try {
      const value = await withTimeout(readTimeoutMs, reading);
      if (Number.isFinite(value)) return { state: "read", value };
      return { state: "failed", problem: `the value is not a finite number: ${value}` };
    } catch (error) {
      return { state: "failed", problem: messageOf(error) };
    }
  }
}

const problemOf = (result: Result): string | null => {
  if (result.state === "failed") return result.problem;
  return result.state === "unread" ? "not read yet" : null;
};

import { expect, test } from "vitest";
import { logLines } from "../../../test/support/log-lines.ts";
import { gauge } from "./gauge.ts";
import { Gauges } from "./gauges.ts";
import { writeFamilies } from "./prometheus/exporter.ts";
import { ownGaugeFamilies } from "./prometheus/own-gauges.ts";

const help = "Jobs in the queue.";

const create = () => {
  const { log, lines } = logLines();
  const gauges = new Gauges(log);
  const valuesAndProblems = async () => {
    await gauges.sample();
    return gauges.readings().map(({ name, value, problem }) => [name, value, problem]);
  };
  return { gauges, lines, valuesAndProblems };
};

test("a gauge that throws or hangs is reported and loses no other value; a read that hangs is not started again", async () => {
  const { gauges, lines, valuesAndProblems } = create();
  let broken = true;
  let hanging = 0;
  gauges.declare(
    gauge(
      "broken",
      () => {
        if (broken) throw new Error("no queue");
        return 2;
      },
      { help },
    ),
  );
  gauges.declare(
    gauge(
      "hanging",
      () => {
        hanging++;
        return new Promise<number>(() => {});
      },
      { help },
    ),
  );
  gauges.declare(gauge("infinite", async () => 1 / 0, { help }));
  gauges.declare(gauge("depth", async () => 7, { help, unit: "jobs" }));
  expect(gauges.readings()[3]).toEqual({
    name: "depth",
    help,
    unit: "jobs",
    value: null,
    problem: "not read yet",
  });
  const others = [
    ["hanging", null, "no answer within 1000 ms"],
    ["infinite", null, "the value is not a finite number: Infinity"],
    ["depth", 7, null],
  ];
  expect(await valuesAndProblems()).toEqual([["broken", null, "no queue"], ...others]);
  expect(await valuesAndProblems()).toEqual([["broken", null, "no queue"], ...others]);
  broken = false;
  expect(await valuesAndProblems()).toEqual([["broken", 2, null], ...others]);
  expect(hanging).toBe(1);
  expect(lines.map(({ msg }) => msg)).toEqual([
    "the gauge broken cannot be read",
    "the gauge infinite cannot be read",
    "the gauge hanging cannot be read",
    "the gauge broken is read again",
  ]);
});

test.each([
  ["Queue", { code: "EB_GAUGE_NAME" }],
  ["queue depth", { code: "EB_GAUGE_NAME" }],
  ["1st", { code: "EB_GAUGE_NAME" }],
  ["queue_depth", { code: "EB_GAUGE_DUPLICATE" }],
])("beside queue_depth, a gauge named %s is refused", (name, failure) => {
  const { gauges } = create();
  gauges.declare(gauge("queue_depth", () => 1, { help }));
  expect(() => gauges.declare(gauge(name, () => 1, { help }))).toThrow(expect.objectContaining(failure));
});

test("a gauge without a help text is refused, as a service in JavaScript may declare it", () => {
  const { gauges } = create();
  const declaration = { name: "depth", read: () => 1 };
  expect(() => gauges.declare(declaration as never)).toThrow(
    expect.objectContaining({ code: "EB_GAUGE_INCOMPLETE" }),
  );
});

test("/metrics has the gauges with a value, apart from those of the platform", () => {
  const readings = [
    { name: "queue_depth", help: "Jobs\nwaiting.", unit: "jobs", value: 7, problem: null },
    { name: "lost", help, unit: null, value: null, problem: "no queue" },
  ];
  expect(writeFamilies(ownGaugeFamilies(readings))).toBe(
    [
      "# HELP earlybird_user_queue_depth Jobs\\nwaiting. Unit: jobs.",
      "# TYPE earlybird_user_queue_depth gauge",
      "earlybird_user_queue_depth 7",
      "",
    ].join("\n"),
  );
});

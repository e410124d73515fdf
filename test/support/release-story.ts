import { checks } from "../../ops/src/deployment/preflight/registry.ts";
import type { CheckResult, PreflightReport } from "../../ops/src/deployment/preflight/run.ts";
import type { StandingClock } from "./clock.ts";
import { countsOf, judgedAt10Percent } from "./judged.ts";
import { type ReleaseOnDisk, writeRelease } from "./release-on-disk.ts";

const minuteMs = 60_000;

/** Checks that are not GO, by number, in a preflight of all others. */
type Others = Record<number, Partial<CheckResult>>;

const waived: Others = {
  23: {
    verdict: "no_go",
    evidence: "0.4 % of the requests of 24 h failed; the limit is 0.1 %.",
    remedy: "Find out what fails.",
    waived: { by: "Meera", reason: "the mail provider was away; it is back" },
  },
  27: {
    verdict: "unknown",
    evidence: "npm audit could not reach the registry.",
    remedy: "Run it where the registry can be reached.",
    waived: { by: "Ravi", reason: "audited by the build this morning" },
  },
};

/** A preflight with these checks, and all others GO. */
export const preflightWith = (others: Others, clock: StandingClock): PreflightReport => {
  const at = (minutes: number) => new Date(clock.now().getTime() + minutes * minuteMs).toISOString();
  const results = checks.map(
    ({ number, id, group, name }): CheckResult => ({
      ...{ number, id, group, name, verdict: "go", evidence: "As it has to be.", remedy: null },
      ...{ valid_until: at(15), took_ms: 12, waived: null },
      ...others[number],
    }),
  );
  const count = (verdict: CheckResult["verdict"]) =>
    results.filter((each) => each.verdict === verdict && each.waived === null).length;
  const counts = { go: count("go"), no_go: count("no_go"), unknown: count("unknown") };
  return {
    verdict: counts.no_go > 0 ? "no_go" : counts.unknown > 0 ? "unknown" : "go",
    ...{ checked_at: at(0), valid_until: at(15), checks: results },
    counts: { ...counts, waived: results.length - counts.go - counts.no_go - counts.unknown },
  };
};

/** The version in production, in the hour before. */
const baseline = {
  ...{ requests: 182_400, clients: 21_300, failed_clients: 40 },
  ...{ p50_ms: 9, p95_ms: 38, p99_ms: 96 },
};

/** Writes a release that has moved 10 % of the clients; it began 24 minutes before the clock's time. */
export const writeReleaseStory = async (dataDir: string, clock: StandingClock): Promise<ReleaseOnDisk> => {
  clock.advanceMs(-24 * minuteMs);
  const release = await writeRelease(dataDir, clock);
  const { enter, act, write, obey } = release;
  const after = (minutes: number) => clock.advanceMs(minutes * minuteMs);
  await enter("preflight");
  await write("preflight.json", preflightWith(waived, clock));
  await act("preflight", "36 GO, 2 waived", { ms: 2_140 });
  await obey("ack", "Meera", "");
  after(1);
  await enter("backing_up");
  await act("backup", "22 MB in 5.0 s, restored and compared", { ms: 8_400 });
  after(1);
  await enter("rehearsing");
  const evidence = "2 steps applied and rolled back on the copy; nothing differs.";
  await write("rehearsal.json", { ok: true, evidence, revert_ms: 740, at: clock.now().toISOString() });
  await act("rehearsal", evidence, { ms: 41_000 });
  after(1);
  await enter("expanding");
  await act("step 25", "applied", { ms: 310 });
  await enter("starting");
  await act("start green", "version 2.0.0 is ready", { ms: 1_900 });
  await enter("warming");
  await act("smoke green", "9 journeys passed", { ms: 860 });
  after(1);
  await enter("phase_1");
  await act("traffic 1 %", "green 1 %, blue 99 %", { ms: 11 });
  after(16);
  await enter("phase_10");
  await act("traffic 10 %", "green 10 %, blue 90 %", { ms: 9 });
  after(4);
  const blue = countsOf(3_730, [7, 1_640, 122, 25]);
  const green = countsOf(412, [1, 171, 15, 3]);
  await write("judge.json", judgedAt10Percent(clock, { minutes: 4, baseline, blue, green }));
  return release;
};

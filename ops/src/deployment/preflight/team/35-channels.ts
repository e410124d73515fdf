import { defineCheck, demand, noGo, unknown } from "../check.ts";

export const channels = defineCheck({
  id: "channels",
  number: 35,
  group: "team",
  name: "Alert channels",
  asks: "Each alert channel delivers a test message.",
  timeLimitMs: 60_000,
  validForMs: 86_400_000,
  run: async ({ testChannels }) => {
    if (!testChannels)
      return unknown("No test was sent.", "Allow it to send a test through each channel: --test-channels.");
    const results = await testChannels();
    if (results.every(({ channel }) => channel === "log"))
      return noGo(
        "Only the log is set up: nobody is notified.",
        "Set up a channel, such as SLACK_WEBHOOK_URL.",
      );
    const failed = results.filter(({ result }) => result !== "accepted");
    return demand(
      failed.length === 0,
      failed.length === 0
        ? `Delivered: ${results.map(({ channel }) => channel).join(", ")}.`
        : failed.map(({ channel, answer }) => `${channel}: ${answer ?? "no answer"}`).join("; "),
      "Repair these channels: earlybird alerts test.",
    );
  },
});

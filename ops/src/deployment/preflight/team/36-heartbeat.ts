import { messageOf } from "../../../core/message-of.ts";
import { defineCheck, demand, noGo, unknown } from "../check.ts";

const timeoutMs = 8_000;

export const heartbeat = defineCheck({
  id: "heartbeat",
  number: 36,
  group: "team",
  name: "Heartbeat",
  asks: "The external monitor of ALERT_HEARTBEAT_URL accepts a sign of life.",
  validForMs: 3_600_000,
  run: async ({ settings }) => {
    const url = "read" in settings ? settings.read.ALERT_HEARTBEAT_URL : undefined;
    if (!url)
      return unknown(
        "ALERT_HEARTBEAT_URL is not set.",
        "Set it: an external monitor notices when everything is down.",
      );
    const remedy = "Correct ALERT_HEARTBEAT_URL, or the monitor behind it.";
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
      await response.body?.cancel();
      return demand(response.ok, `The monitor answers ${response.status}.`, remedy);
    } catch (error) {
      // The address is a secret, and some messages repeat it.
      return noGo(
        `The monitor cannot be reached: ${messageOf(error).replaceAll(url, "its address")}.`,
        remedy,
      );
    }
  },
});

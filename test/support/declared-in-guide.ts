import { readFileSync } from "node:fs";
import * as platform from "@earlybird-ops/platform";

const guide = new URL("../../docs/how-to/set-up-alerts.md", import.meta.url);

/** Runs the module in "Declare your own alerts". */
export const declaredInGuide = (queue: readonly unknown[] = []): platform.MonitoringDeclarations => {
  const [, code = ""] = /```js\n\/\/ monitoring\.js\n([\s\S]*?)```/.exec(readFileSync(guide, "utf8")) ?? [];
  const body = code
    .replace(/^import (\{.+\}) from "@earlybird-ops\/platform";$/m, "const $1 = platform;")
    .replace(/^import .+ from "\.\/queue\.js";$/m, "")
    .replaceAll("export const", "const");
  return new Function("platform", "queue", `${body}\nreturn { gauges, alerts };`)(platform, queue);
};

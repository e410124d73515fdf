import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { channelTable, routingExample } from "./alert-channels.ts";
import { adviceTable, alertTypeTable } from "./alert-types.ts";
import {
  alertCommandTable,
  backupCommandTable,
  releaseCommandTable,
  rollbackCommandTable,
  serviceCommandTable,
} from "./commands.ts";
import { consoleApi } from "./console-api.ts";
import { dependencyTable } from "./dependencies.ts";
import { errorTable } from "./errors.ts";
import { grafanaDashboard } from "./grafana.ts";
import { replaceMarkedPart } from "./marked-part.ts";
import { monitoringRouteTable } from "./monitoring-routes.ts";
import { preflightGroupTable, preflightTable } from "./preflight.ts";
import { stepProcedures } from "./procedures.ts";
import { prometheusRules } from "./prometheus-rules.ts";
import { releaseRouteTable } from "./release-routes.ts";
import { releaseStateTable } from "./release-states.ts";
import { rollbackRouteTable } from "./rollback-routes.ts";
import { settingsTable } from "./settings.ts";
import { effectTable, stepTable } from "./steps.ts";
import { validationTable } from "./validation.ts";

/** The parts of the documentation that are generated from code. */
const parts: readonly { file: string; name: string; render: (root: string) => string | Promise<string> }[] = [
  { file: "README.md", name: "steps", render: stepTable },
  { file: "docs/reference/errors.md", name: "errors", render: errorTable },
  { file: "docs/reference/configuration.md", name: "settings", render: settingsTable },
  { file: "docs/reference/steps.md", name: "effects", render: effectTable },
  { file: "docs/reference/steps.md", name: "procedures", render: stepProcedures },
  { file: "docs/reference/http-api.md", name: "monitoring routes", render: monitoringRouteTable },
  { file: "docs/reference/http-api.md", name: "rollback routes", render: rollbackRouteTable },
  { file: "docs/reference/http-api.md", name: "release routes", render: releaseRouteTable },
  { file: "docs/reference/command-line.md", name: "release commands", render: releaseCommandTable },
  { file: "docs/reference/releases.md", name: "states", render: releaseStateTable },
  { file: "docs/reference/releases.md", name: "validation", render: validationTable },
  { file: "docs/DEPLOYMENT.md", name: "checklist", render: preflightGroupTable },
  { file: "docs/reference/command-line.md", name: "alert commands", render: alertCommandTable },
  { file: "docs/reference/command-line.md", name: "backup commands", render: backupCommandTable },
  { file: "docs/reference/command-line.md", name: "service commands", render: serviceCommandTable },
  { file: "docs/reference/command-line.md", name: "rollback commands", render: rollbackCommandTable },
  { file: "docs/reference/alert-types.md", name: "alert types", render: alertTypeTable },
  { file: "docs/reference/alert-types.md", name: "advice", render: adviceTable },
  { file: "docs/how-to/set-up-alerts.md", name: "channels", render: channelTable },
  { file: "docs/how-to/set-up-alerts.md", name: "routing", render: routingExample },
  { file: "docs/reference/preflight.md", name: "checks", render: preflightTable },
  { file: "docs/security.md", name: "dependencies", render: dependencyTable },
];

/** Files that are generated completely. */
const whole: readonly { file: string; render: (root: string) => string | Promise<string> }[] = [
  { file: "console/src/api/schema.ts", render: consoleApi },
  { file: "docs/grafana/earlybird.json", render: grafanaDashboard },
  { file: "docs/prometheus/rules.yml", render: prometheusRules },
];

/** Each document with generated parts: its current text, and its generated text. */
export const documents = async (
  root: string,
): Promise<{ file: string; current: string; generated: string }[]> => {
  const files = [...new Set(parts.map(({ file }) => file))];
  const withParts = await Promise.all(
    files.map(async (file) => {
      const current = readFileSync(resolve(root, file), "utf8");
      let generated = current;
      for (const { name, render } of parts.filter((part) => part.file === file))
        generated = replaceMarkedPart(generated, name, await render(root));
      return { file, current, generated };
    }),
  );
  const generatedWhole = await Promise.all(
    whole.map(async ({ file, render }) => {
      const path = resolve(root, file);
      const current = existsSync(path) ? readFileSync(path, "utf8") : "";
      return { file, current, generated: await render(root) };
    }),
  );
  return [...withParts, ...generatedWhole];
};

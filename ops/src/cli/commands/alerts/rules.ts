import { Command } from "commander";
import { assertDeclarations, declaredPrometheusRules } from "../../../alerts/index.ts";
import { defineFailure } from "../../../core/failure.ts";
import { print } from "../../output.ts";
import { findRoot, loadService } from "../../service-file.ts";

const nothingDeclared = defineFailure({
  code: "EB_NO_DECLARED_ALERTS",
  status: 500,
  exitStatus: 2,
  detail: "{name} declares no alerts.",
  remedy: "Export gauges and alerts from a module, and pass it to defineService as monitoring.",
});

export const rulesCommand = () =>
  new Command("rules")
    .description("print Prometheus rules for the alerts that the service declares")
    .action(async () => {
      const service = await loadService(findRoot(process.cwd()));
      const { gauges = [], alerts = [] } = (await service.monitoring?.()) ?? {};
      if (alerts.length === 0) throw nothingDeclared({ name: service.name });
      assertDeclarations(
        alerts,
        gauges.map(({ name }) => name),
      );
      print(declaredPrometheusRules(alerts).trimEnd());
    });

import { Command } from "commander";
import type { Finding, StepFindings } from "../../rollback/index.ts";
import { withSession } from "../context.ts";
import { bold, dim, green, print, printJson, red, yellow } from "../output.ts";
import { readSteps } from "../read-steps.ts";

const help = `
Reads the database's catalog only: nothing is locked, and nothing is written. Exits with 4 if anything stands in
the way of a step.`;

export const checkCommand = () =>
  new Command("check")
    .description("check the database for obstacles and side effects of a move")
    .argument("[steps]", "a step or a range; default: all steps")
    .option("--json", "print one JSON document")
    .addHelpText("after", help)
    .action((text: string | undefined, { json }: { json?: boolean }) =>
      withSession(async ({ manager }) => {
        const asked = text === undefined ? manager.steps : (await readSteps(manager, "check", text)).steps;
        const steps = (await manager.check()).filter(({ step }) => asked.includes(step));
        if (steps.some(({ findings }) => findings.some(isBlocking))) process.exitCode = 4;
        if (json) printJson({ steps });
        else print(steps.map(stepText).join("\n"));
      }),
    );

const isBlocking = ({ severity }: Finding) => severity === "blocks";

const stepText = ({ step, name, state, findings }: StepFindings): string => {
  const title = `${bold(`Step ${step}`)}  ${name}  ${dim(state.replace("_", " "))}`;
  if (findings.length === 0) return `${title}  ${green("nothing found")}`;
  return [title, ...findings.map(findingText)].join("\n");
};

const findingText = (finding: Finding): string =>
  `  ${isBlocking(finding) ? red("blocks") : yellow("warns")}  ${finding.detail}\n          ${dim(finding.remedy)}`;

import { Command } from "commander";
import type { Approval } from "../../rollback/index.ts";
import { positiveInteger } from "../arguments.ts";
import { operator, withSession } from "../context.ts";
import { print, printJson, table } from "../output.ts";

interface Options {
  reason?: string;
  json?: boolean;
}

const told = (approval: Approval): string => {
  if (approval.state === "approved") return `by ${approval.approved_by}`;
  if (approval.state === "used") return `approved by ${approval.approved_by}, used by ${approval.used_by}`;
  return approval.state === "withdrawn" ? `by ${approval.withdrawn_by}` : "";
};

export const approvalsCommand = () =>
  new Command("approvals")
    .description("list approval requests, newest first")
    .option("--limit <n>", "maximum number of results", positiveInteger, 50)
    .option("--json", "print one JSON document")
    .action(({ limit, json }: { limit: number; json?: boolean }) =>
      withSession(async ({ manager }) => {
        const approvals = await manager.listApprovals(limit);
        if (json) return printJson({ approvals });
        if (approvals.length === 0) return print("There are no approval requests.");
        const rows = approvals.map((approval) => [
          approval.id,
          approval.action,
          approval.steps.join(","),
          `${approval.state} ${told(approval)}`.trim(),
          approval.asked_by,
          approval.expires_at,
          approval.plan,
          approval.reason,
        ]);
        print(table(["id", "action", "steps", "state", "asked by", "lapses", "plan", "reason"], rows));
      }),
    );

const help = `
On the command line, a person is the system user. A login of the service is somebody else, also where both belong to
the same person.`;

export const approveCommand = () =>
  new Command("approve")
    .description("approve another person's request")
    .argument("<id>", "request id, see earlybird approvals")
    .option("--reason <text>", "reason, recorded in the ledger")
    .option("--json", "print one JSON document")
    .addHelpText("after", help)
    .action((id: string, { reason, json }: Options) =>
      withSession(async ({ manager }) => {
        const approval = await manager.approve(id, {
          ...operator(),
          ...(reason === undefined ? {} : { reason }),
        });
        if (json) return printJson({ approval });
        print(
          `Approved for ${approval.asked_by} until ${approval.expires_at}. To execute the request, they repeat the command with --approval ${id}.`,
        );
      }),
    );

export const withdrawCommand = () =>
  new Command("withdraw")
    .description("withdraw an unused approval request")
    .argument("<id>", "request id, see earlybird approvals")
    .option("--reason <text>", "reason, recorded in the ledger")
    .option("--json", "print one JSON document")
    .action((id: string, { reason, json }: Options) =>
      withSession(async ({ manager }) => {
        const approval = await manager.withdraw(id, {
          ...operator(),
          ...(reason === undefined ? {} : { reason }),
        });
        if (json) return printJson({ approval });
        print(`Request ${id} of ${approval.asked_by} is withdrawn.`);
      }),
    );

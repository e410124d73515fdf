import { Command } from "commander";
import { defineFailure } from "../../core/failure.ts";
import { operator, withSession } from "../context.ts";
import { answer, answerJson, narrate } from "../output.ts";

const adminInviteUnsupported = defineFailure({
  code: "EB_ADMIN_INVITE_UNSUPPORTED",
  status: 409,
  exitStatus: 4,
  detail: "{name} does not support invitations for admins.",
  remedy: "Add an inviteAdmin function to the service, or create the admin as the service documents it.",
});

const inviteCommand = () =>
  new Command("invite")
    .description("create a one-time invitation for a new admin, if no admin can log in")
    .option("--reason <text>", "reason, recorded in the ledger")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nThe invitation works once and is shown once. The ledger records who made it, never the token.",
    )
    .action(({ json, reason }: { json?: boolean; reason?: string }) =>
      withSession(async ({ service, settings, dataDir, database, manager, log }) => {
        if (!service.inviteAdmin) throw adminInviteUnsupported({ name: service.name });
        // Refuses, with the remedy, where nothing is installed.
        await manager.getStatus();
        // The server that made the tables may be an older one.
        await service.createSchema?.(database.direct, settings);
        const { token, expiresAt, path } = await service.inviteAdmin({
          pool: database.pool,
          settings,
          dataDir,
          log,
          ...operator(),
          ...(reason !== undefined && { reason }),
        });
        const expires_at = expiresAt.toISOString();
        if (json) return answerJson({ token, expires_at, path });
        narrate(`Until ${expires_at}, and once, this makes an admin: POST ${path} with`);
        answer(JSON.stringify({ token, email: "...", name: "...", password: "..." }));
      }),
    );

export const adminCommand = () =>
  new Command("admin").description("create admins").addCommand(inviteCommand());

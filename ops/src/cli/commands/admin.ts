import { Command } from "commander";
import { defineFailure } from "../../core/failure.ts";
import { operator, withSession } from "../context.ts";
import { print, printJson, printStatus } from "../output.ts";

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
      "\nThe invitation is shown once and can be used once. The ledger records its author, not the token.",
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
        if (json) return printJson({ token, expires_at, path });
        printStatus(`To create an admin, send once, before ${expires_at}: POST ${path} with`);
        print(JSON.stringify({ token, email: "...", name: "...", password: "..." }));
      }),
    );

export const adminCommand = () =>
  new Command("admin").description("create admins").addCommand(inviteCommand());

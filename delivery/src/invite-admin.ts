import { systemClock } from "@earlybird-ops/platform";
import { Changes, recordInLedger } from "@earlybird-ops/platform/rollback";
import type { AdminInvitation, InviteContext } from "@earlybird-ops/platform/service";
import { acceptInvitationPath, createAdminInvitation } from "./auth/index.ts";
import { changes as declared } from "./changes/index.ts";
import type { Tables } from "./database.ts";

/** Creates an invitation for another admin. It requires access to the machine, not a login. */
export const inviteAdmin = ({
  pool,
  log,
  requestedBy,
  origin,
  reason,
}: Omit<InviteContext, "settings" | "dataDir">): Promise<AdminInvitation> => {
  const clock = systemClock;
  const changes = new Changes<Tables>({ changes: declared, pool, log, clock });
  return changes.transaction(async (tx) => {
    const invitation = await createAdminInvitation(tx, { clock, firstAdmin: false });
    await recordInLedger(tx, {
      action: "admin-invited",
      operator: requestedBy,
      origin,
      at: clock.now(),
      ...(reason !== undefined && { reason }),
      result: { expires_at: invitation.expiresAt },
    });
    return { ...invitation, path: acceptInvitationPath };
  });
};

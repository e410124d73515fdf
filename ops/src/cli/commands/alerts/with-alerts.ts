import { Argument } from "commander";
import { AlertArchive, muteTargets } from "../../../alerts/index.ts";
import { type Connection, operator, withConnection } from "../../context.ts";

/** Opens the service's database, the one of a running server included, for as long as `work` takes. */
export const withAlerts = <T>(
  work: (alerts: AlertArchive, connection: Connection) => Promise<T>,
): Promise<T> =>
  withConnection((connection) => work(new AlertArchive({ pool: connection.database.pool }), connection));

/** Who runs this command, as it is written beside a mute. */
export const author = (): string => {
  const { requestedBy, origin } = operator();
  return `${requestedBy} (${origin})`;
};

/** What can be muted. */
export const muteTarget = () => new Argument("<type>", "an alert type, or ALL").choices(muteTargets);

import { AlertType } from "../model/alert.ts";

/** The alert about a client that attempts what it may not, for `raise`: one alert for each key. */
export const securityAlert = (suspicion: {
  key: string;
  message: string;
  /** Never a password, a token or a secret address. */
  details: Record<string, string | number>;
}) => ({ type: AlertType.SECURITY_ALERT, ...suspicion });

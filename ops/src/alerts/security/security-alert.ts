import { AlertType } from "../model/alert.ts";

/** A suspected attack, for `raise`; one alert for each key. */
export const securityAlert = (suspicion: {
  key: string;
  message: string;
  details: Record<string, string | number>;
}) => ({
  type: AlertType.SECURITY_ALERT,
  ...suspicion,
});

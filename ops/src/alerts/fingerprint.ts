import type { Alert, AlertType } from "./alert.ts";

/** What two alerts have in common that are about the same thing, in whichever instance and whenever. */
export const fingerprintOf = ({ type, key }: Pick<Alert, "type" | "key">): string => fingerprint(type, key);

export const fingerprint = (type: AlertType, key: string): string => (key === "" ? type : `${type} ${key}`);

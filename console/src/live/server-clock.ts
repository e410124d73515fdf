let offsetMs = 0;

/** Notes what time it is at the server. @param iso ISO 8601 */
export const setServerTime = (iso: string): void => {
  offsetMs = Date.parse(iso) - Date.now();
};

/** Milliseconds since 1970 by the server's clock: that of the browser may differ. */
export const serverNow = (): number => Date.now() + offsetMs;

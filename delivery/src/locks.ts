/** The advisory locks of the delivery API, in a class of their own so that they meet nobody else's. */
const lockClass = 20_001;

/** Held while the baseline is created. */
export const schemaLock = [lockClass, 1] as const;

/** Held while a day's orders are generated: a second run waits, then finds them there. */
export const generationLock = [lockClass, 2] as const;

/** Held while a period is billed, for the same reason. */
export const billingLock = [lockClass, 3] as const;

/** Held while somebody becomes an admin by invitation or an admin stops being one, so that there is never none. */
export const adminLock = [lockClass, 4] as const;

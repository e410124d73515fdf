/** Said by the changes whose way back is still being built. */
export const notYetReversible = "its way back is not built yet.";

/** A share in percent: `0.42 %`. */
export const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`;

/** A duration in whole seconds or minutes. */
export const duration = (ms: number): string =>
  ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;

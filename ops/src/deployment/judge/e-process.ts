import { z } from "zod";

/** How many times as often green is hit as blue, in the alternatives of the mixture, relative to the tolerated ratio. */
const alternatives = [1.25, 1.5, 2, 3, 5, 10, 30, 100] as const;

/** The share of the mixture that counts from the first tick; the rest starts later, evenly over {@link horizonTicks}. */
const startShare = 0.5;
/** 72 hours of ticks of 5 s. */
const horizonTicks = 51_840;
const logLaterShare = Math.log((1 - startShare) / horizonTicks);

export const eProcessSchema = z.object({ ticks: z.number(), logs: z.array(z.number()) });
/** A sequential test in progress: for each alternative, the logarithm of its part of the evidence. */
export type EProcess = z.infer<typeof eProcessSchema>;

/** Clients of one tick: how many of each slot, and how many of them were hit. */
export interface Exposure {
  green: { hits: number; clients: number };
  blue: { hits: number; clients: number };
}

export const startEProcess = (): EProcess => ({
  ticks: 0,
  logs: alternatives.map(() => Math.log(startShare)),
});

/**
 * Adds a tick to a test of "green is hit at most r0 times as often as blue".
 *
 * Given that a client was hit, it is one of green's with probability theta(r) = r n_g / (r n_g + n_b). A tick multiplies
 * the evidence for the alternative r_j by its likelihood ratio,
 *
 *     L_j = (theta(r_j) / theta(r0))^x_g * ((1 - theta(r_j)) / (1 - theta(r0)))^x_b
 *
 * and the evidence is averaged over r_j. Without a harm its expectation is at most 1 at any time, so by Ville's inequality
 * it reaches 1/alpha with probability alpha at most, however often you look. Half of the mixture starts with the first
 * tick. The other half starts later, evenly over 72 hours: A_j <- (A_j + pi) L_j. Evidence from the start alone falls so
 * low in healthy hours that harm on the second day would take minutes to outweigh them.
 *
 * Everything is kept in logarithms: evidence of 72 hours overflows a double.
 *
 * Source: Lindon, Sanden, Shirikian, "Rapid Regression Detection in Software Deployments through Sequential Testing",
 * arXiv 2205.14762; Robbins' method of mixtures.
 */
export const addTick = (test: EProcess, { green, blue }: Exposure, r0: number): EProcess => {
  // With clients on one side only there is nothing to compare.
  if (green.clients === 0 || blue.clients === 0) return test;
  const theta = (r: number) => (r * green.clients) / (r * green.clients + blue.clients);
  const tolerated = theta(r0);
  const logs = alternatives.map((times, j) => {
    const alternative = theta(r0 * times);
    const ratio =
      green.hits * Math.log(alternative / tolerated) +
      blue.hits * Math.log((1 - alternative) / (1 - tolerated));
    const before = test.logs[j] ?? 0;
    return (test.ticks < horizonTicks ? logSum(before, logLaterShare) : before) + ratio;
  });
  return { ticks: test.ticks + 1, logs };
};

/** Natural logarithm of the evidence E. */
export const logEvidence = ({ ticks, logs }: EProcess): number => {
  const largest = Math.max(...logs);
  const mean = largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0) / logs.length);
  const notStarted = (1 - startShare) * (1 - Math.min(ticks, horizonTicks) / horizonTicks);
  return notStarted > 0 ? logSum(mean, Math.log(notStarted)) : mean;
};

/** `ln(e^a + e^b)`. */
const logSum = (a: number, b: number): number => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));

import { detectionBench } from "./detection.ts";
import { emergencyBench } from "./emergency.ts";
import { frontBench } from "./front.ts";
import { type Goal, printGoals } from "./goals.ts";
import { lossBench } from "./loss.ts";
import { startBench } from "./start.ts";
import { switchBackBench } from "./switch-back.ts";

const backups = async (): Promise<Goal[]> => [
  {
    what: "backup of the demo database, and its verified restore",
    measured: "`npm run bench -- backups`",
    goal: "15 s each",
  },
];

const benches: Record<string, () => Promise<Goal[]>> = {
  loss: lossBench,
  "switch-back": switchBackBench,
  front: frontBench,
  emergency: emergencyBench,
  backup: backups,
  detection: detectionBench,
  start: startBench,
};

/** The parts that can be chosen. */
export const releaseParts: readonly string[] = Object.keys(benches);

/** Releases against their goals. @param parts all by default */
export const releasesBench = async (parts: readonly string[] = []): Promise<void> => {
  const goals: Goal[] = [];
  for (const [name, run] of Object.entries(benches))
    if (parts.length === 0 || parts.includes(name)) goals.push(...(await run()));
  console.log("\n## Releases and their goals\n");
  printGoals(goals);
};

import { fullWeight, otherSlot, type Slot, type TrafficSwitch, type Weights } from "../traffic/index.ts";
import type { Artefact, Release } from "./release.ts";
import { type Act, type GateVerdict, type Look, movementTo, type Stage } from "./stage.ts";
import { type ForwardState, isPhase, type Phase, phaseWeights, statesOf } from "./state.ts";

/** The world that a release moves. Everything is idempotent: a conductor that goes on after a crash asks again. */
export interface ReleaseWorld {
  traffic: TrafficSwitch;
  slots: {
    /** Resolves once the slot is ready. */
    start(slot: Slot, artefact: Artefact, signal?: AbortSignal): Promise<void>;
    /** Resolves once a version that has served does so; one that has ended is started again. */
    ready(slot: Slot, signal?: AbortSignal): Promise<void>;
    stop(slot: Slot): Promise<void>;
    /** Tries what users do first; resolves with the evidence. */
    smoke(slot: Slot): Promise<string>;
  };
  steps: {
    apply(step: number): Promise<void>;
    /** Rolls a step back; its values are parked. */
    rollBack(step: number): Promise<void>;
    /** Fills what the old version wrote meanwhile; resolves with the number of rows. */
    settle(steps: readonly number[]): Promise<number>;
  };
  /** Resolves with the verdict. @throws Failure if it is not GO, or waived */
  preflight(): Promise<string>;
  /** The checks that need the backup and the rehearsal. */
  preflightOfCopy(): Promise<string>;
  /** The checks that need the new version to run, before it has clients. */
  preflightOfGreen(): Promise<string>;
  /** Makes a backup and restores it. */
  backup(): Promise<string>;
  /** Applies the steps and rolls them back on a restored copy. */
  rehearse(signal: AbortSignal): Promise<string>;
  /** Compares the two slots. */
  judge(phase: Phase, look: Look): Promise<GateVerdict>;
  /** The validation after the switch. */
  validate(look: Look): Promise<GateVerdict>;
}

const drainMs = 90_000;
/** The old version keeps this share after the switch, so that both can be compared at the same time. */
const controlPercent = 2;

/**
 * The stages of a release, in order. A waiver of check 21 leaves out the rehearsal; with one of check 16, the backup, too.
 *
 * @param epoch resolves with the next epoch of the switch
 */
export const stagesOf = (release: Release, world: ReleaseWorld, epoch: () => Promise<number>): Stage[] => {
  const { from, to, steps, strategy } = release;
  const { traffic, slots } = world;

  const move = async (percent: number): Promise<string> => {
    const toNew = (fullWeight / 100) * percent;
    const weights = { [from.slot]: fullWeight - toNew, [to.slot]: toNew } as Weights;
    const now = await traffic.read();
    const isThere = now.verified && now.weights.blue === weights.blue && now.weights.green === weights.green;
    if (!isThere) await traffic.set(weights, await epoch());
    return `${to.slot} ${percent} %, ${from.slot} ${100 - percent} %`;
  };
  const movement = (percent: number): Act => ({
    name: movementTo(percent),
    do: () => move(percent),
    undo: () => move(0),
  });
  const step = (number: number): Act => ({
    name: `step ${number}`,
    do: async () => {
      await world.steps.apply(number);
      return "applied";
    },
    undo: async () => {
      await world.steps.rollBack(number);
      return "rolled back, values parked";
    },
  });
  /** The other version may have ended since the traffic moved: until the front has started it again, this one serves. */
  const stop = async (slot: Slot, signal?: AbortSignal): Promise<string> => {
    await slots.ready(otherSlot(slot), signal);
    const { inFlight, streams } = await traffic.drain(slot, drainMs);
    await slots.stop(slot);
    return `stopped, ${inFlight} requests and ${streams} streams cut`;
  };
  const start = async (slot: Slot, artefact: Artefact, signal?: AbortSignal): Promise<string> => {
    await slots.start(slot, artefact, signal);
    return `version ${artefact.version} is ready`;
  };

  const isWaived = (check: number) => release.waivers.some((waiver) => waiver.check === check);
  const isRehearsed = !isWaived(21);

  const acts: Partial<Record<ForwardState, Act[]>> = {
    preflight: [{ name: "preflight", do: world.preflight }],
    backing_up: isRehearsed || !isWaived(16) ? [{ name: "backup", do: world.backup }] : [],
    rehearsing: [
      ...(isRehearsed ? [{ name: "rehearsal", do: world.rehearse }] : []),
      { name: "preflight of the copy", do: world.preflightOfCopy },
    ],
    expanding: steps.before.map(step),
    starting: [
      {
        name: `start ${to.slot}`,
        do: (signal) => start(to.slot, to.artefact, signal),
        undo: () => stop(to.slot),
      },
    ],
    warming: [
      { name: `smoke ${to.slot}`, do: () => slots.smoke(to.slot) },
      { name: `preflight of ${to.slot}`, do: world.preflightOfGreen },
    ],
    switched: [
      movement(strategy === "canary" ? 100 - controlPercent : 100),
      { name: "settle", do: async () => `${await world.steps.settle(steps.before)} rows filled` },
    ],
    contracting: [
      movement(100),
      {
        name: `stop ${from.slot}`,
        do: (signal) => stop(from.slot, signal),
        undo: () => start(from.slot, from.artefact),
      },
      ...steps.after.map(step),
    ],
  };
  return statesOf(release.strategy).map((state): Stage => {
    if (isPhase(state))
      return {
        state,
        acts: [movement(phaseWeights[state])],
        gate: (look) => world.judge(state, look),
      };
    return { state, acts: acts[state] ?? [], ...(state === "watching" && { gate: world.validate }) };
  });
};

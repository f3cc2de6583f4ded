/** Runs many seeded schedules of a simulation, gives up at the first that fails, and makes its plan short. */
import { createRandom } from '../support/random.ts';

interface AnyPlan {
  readonly seed: number;
  readonly faults: readonly unknown[];
}

interface AnyOptions {
  readonly transcript?: boolean;
}

interface Outcome {
  /** Null when every check held. */
  readonly violation: string | null;
  readonly transcript: readonly string[];
}

interface Simulation<Plan extends AnyPlan, Options extends AnyOptions, Figure extends string> {
  readonly planOf: (seed: number, random: () => number) => Plan;
  readonly runPlan: (plan: Plan, options: Options) => Outcome & Readonly<Record<Figure, number>>;
  /** Of each outcome, summed up over all of them. */
  readonly figures: readonly Figure[];
  /** What a person needs besides the seed to know which plan it was. */
  readonly kindOf?: (plan: Plan) => string;
}

export type ScheduleRun<Plan, Figure extends string> = Readonly<
  Record<Figure | 'schedules' | 'perSecond', number>
> & {
  /** With seed, shortest faults and transcript; null when every schedule held. */
  readonly failure: string | null;
  readonly failedPlan: Plan | null;
};

const shrinksMax = 200;

export class Schedules<Plan extends AnyPlan, Options extends AnyOptions, Figure extends string> {
  readonly #simulation: Simulation<Plan, Options, Figure>;

  constructor(simulation: Simulation<Plan, Options, Figure>) {
    this.#simulation = simulation;
  }

  run(firstSeed: number, count: number, options: Options): ScheduleRun<Plan, Figure> {
    const { planOf, runPlan, figures } = this.#simulation;
    const startMs = performance.now();
    const total = Object.fromEntries(figures.map((figure) => [figure, 0])) as Record<Figure, number>;
    let schedules = 0;
    const result = (failure: string | null, failedPlan: Plan | null) => ({
      schedules,
      ...total,
      perSecond: Math.round((schedules * 1000) / (performance.now() - startMs)),
      failure,
      failedPlan,
    });
    for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
      const plan = planOf(seed, createRandom(seed));
      const outcome = runPlan(plan, options);
      schedules += 1;
      for (const figure of figures) total[figure] += outcome[figure];
      if (outcome.violation !== null) return result(this.report(plan, outcome.violation, options), plan);
    }
    return result(null, null);
  }

  /** What a person needs: the seed, the shortest faults, and what happened. */
  report(plan: Plan, violation: string, options: Options): string {
    const { runPlan, kindOf } = this.#simulation;
    const short = this.#shrink(plan, options);
    return [
      `seed ${plan.seed}${kindOf ? ` (${kindOf(plan)})` : ''}: ${violation}`,
      `${short.faults.length} of ${plan.faults.length} faults are enough:`,
      ...short.faults.map((fault) => `  ${JSON.stringify(fault)}`),
      'transcript:',
      ...runPlan(short, { ...options, transcript: true }).transcript,
    ].join('\n');
  }

  /** Takes faults out, one by one and again, as long as it still fails. */
  #shrink(plan: Plan, options: Options): Plan {
    let shortest = plan;
    let runs = 0;
    for (let index = shortest.faults.length - 1; index >= 0 && runs < shrinksMax; index -= 1) {
      const faults = shortest.faults.filter((_, other) => other !== index);
      const shorter = { ...shortest, faults };
      runs += 1;
      if (this.#simulation.runPlan(shorter, options).violation === null) continue;
      shortest = shorter;
      index = Math.min(index, faults.length);
    }
    return shortest;
  }
}

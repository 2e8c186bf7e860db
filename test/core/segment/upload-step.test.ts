import test from "ava";
import { nextUploadStep, type UploadState } from "../../../core/segment/upload-step.js";

const running: UploadState = {
  encoded: false,
  enough: false,
  possible: true,
  possibleAgain: true,
  finished: 0,
  active: 10,
  failed: 0,
  successThreshold: 8,
  atStart: true,
  kept: true,
  mayExchange: true,
  exchanging: false,
};

const impossible = { possible: false, possibleAgain: false };

test("what a segment upload does next", (t) => {
  const cases: [string, Partial<UploadState>, ReturnType<typeof nextUploadStep>][] = [
    ["all is well", {}, "wait"],
    ["enough pieces, but the rest is not read yet", { enough: true }, "wait"],
    ["enough pieces", { enough: true, encoded: true }, "succeed"],
    ["a node failed at the start", { failed: 1, active: 9 }, "exchange"],
    ["while others are asked for", { failed: 1, active: 9, exchanging: true }, "wait"],
    ["a node failed later, without need for it", { failed: 1, active: 9, atStart: false }, "wait"],
    ["too many failed later", { failed: 3, active: 7, ...impossible, atStart: false }, "exchange"],
    ["the same without the bytes", { failed: 3, active: 7, ...impossible, atStart: false, kept: false }, "fail"],
    ["others were found for them", { active: 7, possible: false, atStart: false }, "wait"],
    ["and now all is read", { active: 7, possible: false, atStart: false, encoded: true }, "replay"],
    ["and one more failed", { failed: 1, active: 6, ...impossible, atStart: false, encoded: true }, "exchange"],
    ["nobody can be asked any more", { failed: 3, active: 7, ...impossible, mayExchange: false }, "fail"],
    ["nobody else is there", { failed: 0, active: 7, ...impossible }, "fail"],
    ["cohorts cannot be met, pieces run", { ...impossible, finished: 8, active: 1, encoded: true }, "wait"],
    ["cohorts cannot be met", { ...impossible, finished: 8, active: 0, encoded: true }, "succeed"],
  ];
  for (const [why, change, step] of cases) t.is(nextUploadStep({ ...running, ...change }), step, why);
});

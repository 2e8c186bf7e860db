import test from "ava";
import { nextUploadStep, type UploadState } from "../../../core/segment/upload-step.js";

const running: UploadState = {
  encoded: false,
  enough: false,
  possible: true,
  finished: 0,
  active: 10,
  failed: 0,
  successThreshold: 8,
  atStart: true,
  kept: true,
  mayExchange: true,
  exchanging: false,
};

test("what a segment upload does next", (t) => {
  const cases: [string, Partial<UploadState>, ReturnType<typeof nextUploadStep>][] = [
    ["all is well", {}, "wait"],
    ["enough pieces, but the rest is not read yet", { enough: true }, "wait"],
    ["enough pieces", { enough: true, encoded: true }, "succeed"],
    ["a node failed at the start", { failed: 1, active: 9 }, "exchange"],
    ["while others are asked for", { failed: 1, active: 9, exchanging: true }, "wait"],
    ["a node failed later, without need for it", { failed: 1, active: 9, atStart: false }, "wait"],
    ["too many failed later", { failed: 3, active: 7, possible: false, atStart: false }, "wait"],
    ["the same once all is read", { failed: 3, active: 7, possible: false, atStart: false, encoded: true }, "exchange"],
    ["the same without the bytes", { failed: 3, active: 7, possible: false, atStart: false, kept: false }, "fail"],
    ["nobody can be asked any more", { failed: 3, active: 7, possible: false, mayExchange: false }, "fail"],
    ["cohorts cannot be met, pieces run", { possible: false, finished: 8, active: 1, encoded: true }, "wait"],
    ["cohorts cannot be met", { possible: false, finished: 8, active: 0, encoded: true }, "succeed"],
  ];
  for (const [why, change, step] of cases) t.is(nextUploadStep({ ...running, ...change }), step, why);
});

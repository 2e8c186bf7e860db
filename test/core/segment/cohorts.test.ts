import test from "ava";
import { utf8 } from "../../../core/bytes/bytes.js";
import { nodeTags, requirementOf } from "../../../core/segment/cohorts.js";
import { CohortRequirements } from "../../../proto/gen/metainfo.js";

const literal = (value: number) =>
  CohortRequirements.fromPartial({ requirement: { $case: "literal", value: { value } } });
const pieces = (...places: string[]) => places.map((place) => nodeTags(place === "" ? {} : { place: utf8(place) }));

test("a number of pieces when the satellite asks for no more", (t) => {
  const enough = requirementOf(undefined, 2);
  t.false(enough(pieces("a")));
  t.true(enough(pieces("a", "a")));
});

test("withheld groups do not count", (t) => {
  const withhold = CohortRequirements.fromPartial({
    requirement: { $case: "withhold", value: { tagKey: "place", amount: 1, child: literal(2) } },
  });
  const enough = requirementOf(withhold, 1);
  t.false(enough(pieces("a", "a", "a", "b")));
  t.true(enough(pieces("a", "a", "a", "b", "c")));
  t.true(enough(pieces("a", "a", "b", "b")));
  // Pieces without the tag belong to no group and are never withheld.
  t.true(enough(pieces("", "", "a")));
  t.false(enough(pieces("", "a")));
});

test("all of several", (t) => {
  const withhold = CohortRequirements.fromPartial({
    requirement: { $case: "withhold", value: { tagKey: "place", amount: 1, child: literal(1) } },
  });
  const both = CohortRequirements.fromPartial({
    requirement: { $case: "and", value: { requirements: [literal(3), withhold] } },
  });
  const enough = requirementOf(both, 1);
  t.false(enough(pieces("a", "b")));
  t.false(enough(pieces("a", "a", "a")));
  t.true(enough(pieces("a", "a", "b")));
});

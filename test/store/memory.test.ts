import test from "ava";
import { memoryGrantStore } from "../../store/memory.js";
import { grantStoreSuite } from "../suites/grant-store-suite.js";

grantStoreSuite(test, async (now) => ({ store: memoryGrantStore({ now }) }));
